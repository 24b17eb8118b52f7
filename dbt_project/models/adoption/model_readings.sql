{{ config(materialized='view') }}

select
    plain.model_key,
    plain.day,
    plain.source,
    plain.source_rank,
    plain.scope,
    plain.presence,
    plain.downloads_30d,
    plain.likes,
    plain.days_early
from {{ ref('main_readings') }} as plain
where not exists (
    select 1
    from {{ ref('weighed_models') }} as weighed
    where weighed.model_key = plain.model_key
)

union all

select
    model_key,
    day,
    source,
    source_rank,
    scope,
    presence,
    downloads_30d,
    likes,
    days_early
from {{ ref('weighed_readings') }}
