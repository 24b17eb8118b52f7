with launches as (
    select * from {{ ref('launches') }}
),

counters as (
    select * from {{ ref('point_counters') }}
),

uncertain_points as (
    select * from {{ ref('uncertain_points') }}
),

trailing_counters as (
    select * from {{ ref('trailing_counters') }}
),

-- Before a launch that was seen the counter was 0.
seen_launches as (
    select
        model_key,
        from_day
    from {{ ref('counter_spans') }}
    where kind = 'launch'
),

ends as (
    select
        launches.league,
        launches.model_key,
        launches.horizon_days,
        at_horizon.counter as counter_at_horizon,
        at_horizon.lowest as lowest_at_horizon,
        at_horizon.highest as highest_at_horizon,
        coalesce(at_eve.counter, 0) as counter_at_eve,
        coalesce(at_eve.lowest, 0) as lowest_at_eve,
        coalesce(at_eve.highest, 0) as highest_at_eve,
        coalesce(at_eve.is_interpolated, false) as is_eve_interpolated,
        at_horizon.reading_gap_days,
        uncertain_horizons.day is not null or uncertain_eves.day is not null as is_date_uncertain
    from launches
    inner join counters as at_horizon
        on
            launches.model_key = at_horizon.model_key
            and launches.horizon_day = at_horizon.day
    left join counters as at_eve
        on launches.model_key = at_eve.model_key and launches.eve = at_eve.day
    left join uncertain_points as uncertain_horizons
        on
            launches.model_key = uncertain_horizons.model_key
            and launches.horizon_day = uncertain_horizons.day
    left join uncertain_points as uncertain_eves
        on launches.model_key = uncertain_eves.model_key and launches.eve = uncertain_eves.day
    left join seen_launches
        on launches.model_key = seen_launches.model_key
    where at_eve.model_key is not null or launches.eve < seen_launches.from_day
),

combined as (
    select
        launches.league,
        launches.model_key,
        launches.model_id,
        launches.size_bucket,
        launches.active_size_bucket,
        launches.release_id,
        launches.downloads_all_time,
        launches.day_zero,
        launches.horizon_days,
        launches.horizon_day,
        ends.counter_at_eve,
        ends.counter_at_horizon,
        ends.counter_at_horizon - ends.counter_at_eve as risen,
        ends.lowest_at_horizon - ends.highest_at_eve as risen_low,
        ends.highest_at_horizon - ends.lowest_at_eve as risen_high,
        coalesce(ends.is_date_uncertain, trailing_counters.days_early > 0) as is_date_uncertain,
        ends.is_eve_interpolated or ends.reading_gap_days > 0 as is_risen_interpolated,
        ends.reading_gap_days,
        trailing_counters.downloads_30d
    from launches
    left join ends
        on
            launches.league = ends.league
            and launches.model_key = ends.model_key
            and launches.horizon_days = ends.horizon_days
    left join trailing_counters
        on
            launches.league = trailing_counters.league
            and launches.model_key = trailing_counters.model_key
            and launches.horizon_days = trailing_counters.horizon_days
),

final as (
    select
        league,
        model_key,
        model_id,
        size_bucket,
        active_size_bucket,
        release_id,
        downloads_all_time,
        day_zero,
        horizon_days,
        horizon_day,
        counter_at_eve,
        counter_at_horizon,
        coalesce(risen, downloads_30d) as cumulative_downloads,
        -- Where the date of a reading is not exact, nothing bounds the error.
        case when not is_date_uncertain then coalesce(risen_low, downloads_30d) end as c_low,
        case when not is_date_uncertain then coalesce(risen_high, downloads_30d) end as c_high,
        case when risen is not null then 'all_time' else 'trailing_30d' end as basis,
        coalesce(is_risen_interpolated, false) as is_interpolated,
        coalesce(reading_gap_days, 0) > greatest(
            {{ var('wide_gap_min_days') }}, horizon_days / cast({{ var('wide_gap_divisor') }} as double)
        ) as is_wide_gap,
        is_date_uncertain
    from combined
    where risen is not null or downloads_30d is not null
)

select * from final
