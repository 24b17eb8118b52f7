with spans as (
    select * from {{ ref('modelscope_spans') }}
),

matches as (
    select * from {{ ref('modelscope_matches') }}
),

calendar as (
    {{ date_spine('(select min(from_day) from spans)', '(select max(to_day) from spans)') }}
),

days as (
    select
        spans.modelscope_id,
        calendar.day,
        spans.kind,
        spans.from_day = spans.to_day as is_one_day,
        calendar.day = spans.to_day as is_last_day,
        case
            when calendar.day = spans.from_day then spans.counter_before
            else {{ span_counter('spans', add_days('calendar.day', -1)) }}
        end as counter_before,
        {{ span_counter('spans', 'calendar.day') }} as counter_after
    from spans
    inner join calendar
        on calendar.day between spans.from_day and spans.to_day
)

select
    matches.model_id,
    days.modelscope_id,
    matches.hub_model_id,
    matches.org,
    days.day,
    case when days.kind = 'step' then greatest(days.counter_after - days.counter_before, 0) end
        as downloads,
    case when days.kind = 'step' then least(days.counter_after - days.counter_before, 0) else 0 end
        as adjustment,
    days.counter_after as downloads_all_time,
    case
        when days.kind = 'carried' then 'carried'
        when days.kind = 'step' and not days.is_last_day then 'interpolated'
        else 'observed'
    end as counter_status,
    case
        when days.kind != 'step' then 'missing'
        when not days.is_one_day then 'interpolated'
        else 'observed'
    end as day_status
from days
inner join matches
    on days.modelscope_id = matches.modelscope_id
