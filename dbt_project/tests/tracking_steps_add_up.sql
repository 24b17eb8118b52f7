-- The steps of the tracking rule hold all models that were read, and no other.
{{ config(meta={'dagster': {'ref': {'name': 'tracking_steps'}}}) }}

with steps as (
    select
        coalesce(sum(models), 0) as models,
        coalesce(sum(case when is_tracked then models end), 0) as tracked_models,
        sum(downloads_all_time) as downloads_all_time
    from {{ ref('tracking_steps') }}
),

models as (
    select
        count(*) as models,
        count(case when is_tracked then 1 end) as tracked_models,
        sum(downloads_all_time) as downloads_all_time
    from {{ ref('dim_models') }}
)

select
    steps.models as models_of_steps,
    models.models
from steps
cross join models
where
    steps.models != models.models
    or steps.tracked_models != models.tracked_models
    or steps.downloads_all_time is distinct from models.downloads_all_time
