with launches as (
    select * from {{ ref('launches') }}
),

spans as (
    select * from {{ ref('counter_spans') }}
    where kind != 'carried'
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

trailing_counters as (
    select * from {{ ref('trailing_counters') }}
),

eves_wanted as (
    select distinct
        model_key,
        eve
    from launches
),

-- The counter at the end of the day before day 0: 0 before a launch that was seen.
eves as (
    select
        eves_wanted.model_key,
        eves_wanted.eve,
        case
            when eves_wanted.eve < spans.from_day then 0
            else {{ span_counter('spans', 'eves_wanted.eve') }}
        end as counter_at_eve,
        -- The readings on either side bound what an interpolated counter can have been.
        case
            when eves_wanted.eve < spans.from_day then 0
            when eves_wanted.eve = spans.to_day then spans.counter_after
            else least(spans.counter_before, spans.counter_after)
        end as lowest_at_eve,
        case
            when eves_wanted.eve < spans.from_day then 0
            when eves_wanted.eve = spans.to_day then spans.counter_after
            else greatest(spans.counter_before, spans.counter_after)
        end as highest_at_eve,
        case
            when eves_wanted.eve < spans.from_day then false
            when spans.kind = 'flat' then not read_calendar.is_read
            else eves_wanted.eve < spans.to_day
        end as is_eve_interpolated
    from eves_wanted
    inner join spans
        on
            eves_wanted.model_key = spans.model_key
            and eves_wanted.eve <= spans.to_day
            and (eves_wanted.eve >= spans.from_day or spans.kind = 'launch')
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and eves_wanted.eve = read_calendar.day
),

ends as (
    select
        launches.league,
        launches.model_key,
        launches.horizon_days,
        {{ span_counter('spans', 'launches.horizon_day') }} as counter_at_horizon,
        case
            when launches.horizon_day = spans.to_day then spans.counter_after
            else least(spans.counter_before, spans.counter_after)
        end as lowest_at_horizon,
        case
            when launches.horizon_day = spans.to_day then spans.counter_after
            else greatest(spans.counter_before, spans.counter_after)
        end as highest_at_horizon,
        eves.counter_at_eve,
        eves.lowest_at_eve,
        eves.highest_at_eve,
        eves.is_eve_interpolated,
        -- Days between the readings on either side; 0 on a day that was read.
        case
            when spans.kind = 'flat'
                then {{ days_between(
                    'read_calendar.read_on_or_before', 'read_calendar.read_on_or_after'
                ) }}
            when launches.horizon_day = spans.to_day then 0
            else {{ days_between('spans.from_day', 'spans.to_day') }} + 1
        end as reading_gap_days
    from launches
    inner join eves
        on launches.model_key = eves.model_key and launches.eve = eves.eve
    inner join spans
        on
            launches.model_key = spans.model_key
            and launches.horizon_day between spans.from_day and spans.to_day
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and launches.horizon_day = read_calendar.day
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
        launches.eve,
        ends.counter_at_horizon - ends.counter_at_eve as risen,
        ends.lowest_at_horizon - ends.highest_at_eve as risen_low,
        ends.highest_at_horizon - ends.lowest_at_eve as risen_high,
        ends.is_eve_interpolated or ends.reading_gap_days > 0 as is_risen_interpolated,
        ends.reading_gap_days,
        trailing_counters.downloads_30d,
        trailing_counters.days_early
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
        eve,
        coalesce(risen, downloads_30d) as cumulative_downloads,
        -- Of a trailing count whose date is not exact, nothing bounds the error.
        coalesce(risen_low, case when days_early = 0 then downloads_30d end) as c_low,
        coalesce(risen_high, case when days_early = 0 then downloads_30d end) as c_high,
        case when risen is not null then 'all_time' else 'trailing_30d' end as basis,
        coalesce(is_risen_interpolated, false) as is_interpolated,
        coalesce(reading_gap_days, 0) > greatest(
            {{ var('wide_gap_min_days') }}, horizon_days / cast({{ var('wide_gap_divisor') }} as double)
        ) as is_wide_gap,
        risen is null and days_early > 0 as is_date_uncertain
    from combined
    where risen is not null or downloads_30d is not null
)

select * from final
