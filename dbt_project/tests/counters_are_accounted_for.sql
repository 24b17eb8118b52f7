-- Counter at a month's end = before history + downloads + adjustments up to then, model by model.
-- By keys: names of three million models take several times as long.
{{ config(meta={'dagster': {'ref': {'name': 'model_month_changes'}}}) }}

with months as (
    select
        *,
        sum(
            downloads_before_history + coalesce(downloads, 0) + adjustment
        ) over (partition by model_key order by month) as accounted
    from {{ ref('model_month_changes') }}
)

select *
from months
where accounted != cumulative_downloads
