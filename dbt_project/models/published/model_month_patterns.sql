with days as (
    select
        *,
        {{ month_start('day') }} as month,
        -- 2000-01-03 was a Monday.
        {{ days_between("cast('2000-01-03' as date)", 'day') }} % 7 + 1
        in ({{ var('weekend_days') | join(', ') }}) as is_weekend,
        max(downloads) over (partition by model_id, {{ month_start('day') }}) as month_highest
    from {{ ref('fct_model_downloads_daily') }}
    where day_status = 'observed'
),

sums as (
    select
        model_id,
        month,
        count(*) as observed_days,
        count(case when is_weekend then 1 end) as weekend_days,
        cast(sum(downloads) as bigint) as downloads,
        cast(max(downloads) as bigint) as highest_downloads,
        min(case when downloads = month_highest then day end) as highest_day,
        avg(case when is_weekend then downloads end) as weekend_mean,
        avg(case when not is_weekend then downloads end) as weekday_mean,
        count(case when adjustment < 0 then 1 end) as falls,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(max(downloads_all_time) as bigint) as highest_counter
    from days
    group by model_id, month
),

final as (
    select
        model_id,
        month,
        observed_days,
        weekend_days,
        downloads,
        highest_downloads,
        highest_day,
        weekend_mean,
        weekday_mean,
        falls,
        adjustment,
        highest_counter
    from sums
)

select * from final
