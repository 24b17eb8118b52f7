-- Dense days and monthly sums come from the same spans by different ways: they must agree.
{{ config(meta={'dagster': {'ref': {'name': 'fct_model_downloads_daily'}}}) }}

with days as (
    select
        {{ month_start('day') }} as month,
        model_id,
        sum(downloads) as downloads,
        sum(adjustment) as adjustment,
        {{ arg_max('downloads_all_time', 'day') }} as cumulative_downloads,
        count(case when day_status = 'observed' then 1 end) as days_observed,
        count(case when day_status = 'interpolated' then 1 end) as days_interpolated,
        count(case when day_status = 'missing' then 1 end) as days_missing
    from {{ ref('fct_model_downloads_daily') }}
    group by {{ month_start('day') }}, model_id
),

months as (
    select monthly.*
    from {{ ref('model_downloads_monthly') }} as monthly
    inner join {{ ref('dim_models') }} as models
        on monthly.model_id = models.model_id
    where models.is_tracked
)

select
    coalesce(days.month, months.month) as month,
    coalesce(days.model_id, months.model_id) as model_id
from days
full outer join months
    on days.month = months.month and days.model_id = months.model_id
where
    days.downloads is distinct from months.downloads
    or days.adjustment is distinct from months.adjustment
    or days.cumulative_downloads is distinct from months.cumulative_downloads
    or days.days_observed is distinct from months.days_observed
    or days.days_interpolated is distinct from months.days_interpolated
    or days.days_missing is distinct from months.days_missing
