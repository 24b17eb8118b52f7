with read_days as (
    select * from {{ ref('hub_read_days') }}
),

readings as (
    select * from {{ ref('model_readings') }}
),

candidates as (
    select
        1 as preference,
        'complete_read' as basis,
        max(day) as as_of
    from read_days
    where is_complete

    union all

    -- Without any complete read: the newest day with all-time counters, else with any reading.
    select
        2 as preference,
        'counter_rows' as basis,
        max(day) as as_of
    from readings
    where downloads_all_time is not null

    union all

    select
        3 as preference,
        'rows' as basis,
        max(day) as as_of
    from readings
),

final as (
    select
        as_of,
        basis
    from candidates
    where as_of is not null
    order by preference
    limit 1
)

select * from final
