with read_calendar as (
    select * from {{ ref('read_calendar') }}
),

main_scope as (
    select * from {{ ref('main_scope') }}
),

calendar as (
    select read_calendar.*
    from read_calendar
    inner join main_scope
        on
            read_calendar.source = main_scope.source
            and read_calendar.scope = main_scope.scope
),

final as (
    select
        source,
        scope,
        day,
        {{ month_start('day') }} as month,
        is_read,
        lag(read_on_or_before) over (order by day) as read_before,
        observed_days_to_date,
        min(day) over () as first_read_on,
        max(case when is_read then day end) over () as last_read_on
    from calendar
)

select * from final
