-- Counter at a month's end = before history + downloads + adjustments up to then, model by model.
{{ config(meta={'dagster': {'ref': {'name': 'model_downloads_monthly'}}}) }}

with months as (
    select
        *,
        sum(
            downloads_before_history + coalesce(downloads, 0) + adjustment
        ) over (partition by model_id order by month) as accounted
    from {{ ref('model_downloads_monthly') }}
)

select *
from months
where accounted != cumulative_downloads
