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

-- The days on which launches are measured.
points as (
    select
        model_key,
        horizon_day as day
    from launches

    union

    select
        model_key,
        eve as day
    from launches
),

-- The span that a day lies in. Of models read daily nearly all days are a span's last, which are
-- found by equality: comparing each day with each span of its model costs three times as much.
spans_of_points as (
    select
        points.day,
        spans.*
    from points
    inner join spans
        on points.model_key = spans.model_key and points.day = spans.to_day

    union all

    select
        points.day,
        spans.*
    from points
    inner join spans
        on
            points.model_key = spans.model_key
            and points.day >= spans.from_day
            and points.day < spans.to_day
    where spans.from_day < spans.to_day
),

-- The readings on either side bound what an interpolated counter can have been.
final as (
    select
        spans.model_key,
        spans.day,
        {{ span_counter('spans', 'spans.day') }} as counter,
        case
            when spans.day = spans.to_day then spans.counter_after
            else least(spans.counter_before, spans.counter_after)
        end as lowest,
        case
            when spans.day = spans.to_day then spans.counter_after
            else greatest(spans.counter_before, spans.counter_after)
        end as highest,
        -- Days between the readings on either side; 0 on a day that was read.
        case
            when spans.kind = 'flat'
                then {{ days_between(
                    'read_calendar.read_on_or_before', 'read_calendar.read_on_or_after'
                ) }}
            when spans.day = spans.to_day then 0
            else {{ days_between('spans.from_day', 'spans.to_day') }} + 1
        end as reading_gap_days,
        case when spans.kind = 'flat' then not read_calendar.is_read else spans.day < spans.to_day end
            as is_interpolated,
        spans.source,
        spans.scope,
        -- The days of the readings that the counter hangs on: the one after it, and of a rise that
        -- is spread over days the one before it.
        case when spans.kind = 'flat' then read_calendar.read_on_or_after else spans.to_day end
            as read_after,
        case
            when spans.kind != 'flat' and spans.day < spans.to_day
                then {{ add_days('spans.from_day', -1) }}
        end as read_before
    from spans_of_points as spans
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and spans.day = read_calendar.day
)

select * from final
