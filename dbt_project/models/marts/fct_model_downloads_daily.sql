{{ config(materialized=mart_view()) }}

with model_days as (
    select * from {{ ref('model_days') }}
),

models as (
    select * from {{ ref('models') }}
)

select
    models.model_id,
    model_days.day,
    model_days.downloads,
    model_days.adjustment,
    model_days.downloads_all_time,
    model_days.counter_status,
    model_days.day_status
from model_days
inner join models
    on model_days.model_key = models.model_key
