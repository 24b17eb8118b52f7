{{ config(materialized='view') }}

-- Of weighed models each month has a row, of plain ones those in which something happened.
select
    plain.month,
    plain.model_key,
    plain.downloads,
    plain.downloads_interpolated,
    plain.adjustment,
    plain.cumulative_downloads,
    plain.downloads_before_history,
    plain.days_observed,
    plain.days_interpolated,
    plain.days_missing,
    plain.is_first_month,
    plain.is_carried
from {{ ref('plain_months') }} as plain
where not exists (
    select 1
    from {{ ref('weighed_models') }} as weighed
    where weighed.model_key = plain.model_key
)

union all

select
    month,
    model_key,
    downloads,
    downloads_interpolated,
    adjustment,
    cumulative_downloads,
    downloads_before_history,
    days_observed,
    days_interpolated,
    days_missing,
    month = min(month) over (partition by model_key) as is_first_month,
    is_carried
from {{ ref('weighed_months') }}
