{{ config(materialized=mart_view()) }}

with model_months as (
    select * from {{ ref('model_months') }}
),

models as (
    select * from {{ ref('models') }}
)

select
    model_months.month,
    models.model_id,
    model_months.downloads,
    model_months.adjustment,
    model_months.cumulative_downloads,
    model_months.downloads_before_history,
    model_months.days_observed,
    model_months.days_interpolated,
    model_months.days_missing
from model_months
inner join models
    on model_months.model_key = models.model_key
