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

-- The counter at the end of the day before day 0: 0 for a launch that was seen.
eves as (
    select
        launches.model_key,
        launches.horizon_days,
        case
            when launches.eve < spans.from_day then 0
            else {{ span_counter('spans', 'launches.eve') }}
        end as counter_at_eve,
        case
            when launches.eve < spans.from_day then false
            when spans.kind = 'flat' then not read_calendar.is_read
            else launches.eve < spans.to_day
        end as is_eve_interpolated
    from launches
    inner join spans
        on
            launches.model_key = spans.model_key
            and (
                launches.eve between spans.from_day and spans.to_day
                or (
                    spans.kind = 'launch'
                    and launches.eve = {{ add_days('spans.from_day', -1) }}
                )
            )
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and launches.eve = read_calendar.day
),

ends as (
    select
        launches.model_key,
        launches.horizon_days,
        {{ span_counter('spans', 'launches.horizon_day') }} as counter_at_horizon,
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
        launches.model_key,
        launches.model_id,
        launches.size_bucket,
        launches.downloads_all_time,
        launches.day_zero,
        launches.horizon_days,
        coalesce(ends.counter_at_horizon - eves.counter_at_eve, trailing_counters.downloads_30d)
            as cumulative_downloads,
        case
            when ends.counter_at_horizon - eves.counter_at_eve is not null then 'all_time'
            when trailing_counters.downloads_30d is not null then 'trailing_30d'
        end as basis,
        case
            when ends.counter_at_horizon - eves.counter_at_eve is not null
                then ends.reading_gap_days
            when trailing_counters.downloads_30d is not null then 0
        end as reading_gap_days,
        coalesce(
            ends.counter_at_horizon - eves.counter_at_eve is not null
            and (eves.is_eve_interpolated or ends.reading_gap_days > 0),
            false
        ) as is_interpolated,
        case
            when ends.counter_at_horizon - eves.counter_at_eve is not null then 0
            when trailing_counters.downloads_30d is not null then trailing_counters.days_early
        end as days_early
    from launches
    left join eves
        on
            launches.model_key = eves.model_key
            and launches.horizon_days = eves.horizon_days
    left join ends
        on
            launches.model_key = ends.model_key
            and launches.horizon_days = ends.horizon_days
    left join trailing_counters
        on
            launches.model_key = trailing_counters.model_key
            and launches.horizon_days = trailing_counters.horizon_days
),

final as (
    select
        model_key,
        model_id,
        size_bucket,
        downloads_all_time,
        day_zero,
        horizon_days,
        cumulative_downloads,
        basis,
        is_interpolated,
        reading_gap_days > greatest(
            {{ var('wide_gap_min_days') }}, horizon_days / cast({{ var('wide_gap_divisor') }} as double)
        ) as is_wide_gap,
        days_early > 0 as is_date_uncertain
    from combined
    where cumulative_downloads is not null
)

select * from final
