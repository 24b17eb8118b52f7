with read_days as (
    select * from {{ ref('hub_read_days') }}
    where is_complete
),

as_of as (
    select * from {{ ref('as_of') }}
),

bounds as (
    select
        read_days.source,
        read_days.scope,
        min(read_days.day) as first_day,
        max(read_days.day) as last_day
    from read_days
    inner join as_of
        on read_days.day <= as_of.as_of
    group by read_days.source, read_days.scope
),

days as (
    select
        bounds.source,
        bounds.scope,
        calendar.day
    from bounds
    inner join {{ ref('days') }} as calendar
        on calendar.day between bounds.first_day and bounds.last_day
),

marked as (
    select
        days.source,
        days.scope,
        days.day,
        read_days.day is not null as is_read,
        lag(read_days.day) over (partition by days.source, days.scope order by days.day)
            is not null as is_day_before_read
    from days
    left join read_days
        on
            days.source = read_days.source
            and days.scope = read_days.scope
            and days.day = read_days.day
),

final as (
    select
        source,
        scope,
        day,
        is_read,
        -- A day's downloads are observed when the counters at both of its ends are.
        is_read and is_day_before_read as is_observed,
        max(case when is_read then day end) over (
            partition by source, scope order by day
        ) as read_on_or_before,
        min(case when is_read then day end) over (
            partition by source, scope order by day desc
        ) as read_on_or_after,
        sum(case when is_read and is_day_before_read then 1 else 0 end) over (
            partition by source, scope order by day
        ) as observed_days_to_date
    from marked
)

select * from final
