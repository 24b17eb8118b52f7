with signals as (
    select * from {{ ref('model_month_signals') }}
),

patterns as (
    select * from {{ ref('model_month_patterns') }}
),

peers as (
    select
        month,
        size_bucket,
        is_trailing,
        median(downloads_per_like) as median_per_like,
        median(downloads_per_derivative) as median_per_derivative
    from signals
    -- Models that hardly anybody downloads say nothing of what is usual for the others.
    where size_bucket != 'unknown' and downloads >= {{ var('flag_min_downloads') }}
    group by month, size_bucket, is_trailing
    having count(*) >= {{ var('flag_min_models') }}
),

out_of_line as (
    select
        signals.*,
        signals.downloads_per_like / nullif(peers.median_per_like, 0) as like_factor,
        signals.downloads_per_derivative / nullif(peers.median_per_derivative, 0)
            as derivative_factor
    from signals
    inner join peers
        on
            signals.month = peers.month
            and signals.size_bucket = peers.size_bucket
            and signals.is_trailing = peers.is_trailing
    where signals.downloads >= {{ var('flag_min_downloads') }}
),

final as (
    select
        model_id,
        month,
        'out_of_line' as rule,
        {{ thousands('downloads') }} || ' downloads '
        || case when is_trailing then 'in 30 days' else 'in the month' end || ' with '
        || {{ thousands('likes') }} || ' likes and ' || {{ thousands('derivatives') }}
        || ' derivatives: per like ' || {{ thousands('round(like_factor)') }}
        || ' times, per derivative ' || {{ thousands('round(derivative_factor)') }}
        || ' times the median of ' || size_bucket as evidence
    from out_of_line
    where
        like_factor > {{ var('flag_ratio_factor') }}
        and derivative_factor > {{ var('flag_ratio_factor') }}

    union all

    select
        model_id,
        month,
        'weekday_pattern' as rule,
        'a weekend day had ' || {{ thousands('round(weekend_mean)') }} || ' downloads, a weekday '
        || {{ thousands('round(weekday_mean)') }} || ' (' || cast(observed_days as {{ dbt.type_string() }})
        || ' observed days)' as evidence
    from patterns
    where
        weekend_mean < weekday_mean * {{ var('flag_weekend_share') }}
        and weekend_days >= {{ var('flag_min_weekend_days') }}
        and downloads >= {{ var('flag_min_downloads') }}

    union all

    select
        model_id,
        month,
        'single_day' as rule,
        {{ thousands('highest_downloads') }} || ' of ' || {{ thousands('downloads') }}
        || ' downloads came on ' || cast(highest_day as {{ dbt.type_string() }}) || ' (' || cast(observed_days as {{ dbt.type_string() }})
        || ' observed days)' as evidence
    from patterns
    where
        highest_downloads > downloads * {{ var('flag_day_share') }}
        and observed_days >= {{ var('flag_min_days') }}
        and downloads >= {{ var('flag_min_downloads') }}

    union all

    select
        model_id,
        month,
        'counter_fell' as rule,
        'the counter fell by ' || {{ thousands('-adjustment') }} || ' from at most '
        || {{ thousands('highest_counter') }} || ' (' || cast(falls as {{ dbt.type_string() }}) || ' days)' as evidence
    from patterns
    where
        -adjustment > highest_counter * {{ var('flag_fall_share') }}
        and highest_counter >= {{ var('flag_min_downloads') }}
)

select
    model_id,
    month,
    rule,
    evidence
from final
