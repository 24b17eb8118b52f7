-- arg_max: the value at the greatest `by`; rows without a value or a `by` do not count.
with readings as (
    select
        'falls' as model,
        1 as day,
        10 as counter,
        7 as expected
    union all
    select
        'falls' as model,
        2 as day,
        7 as counter,
        7 as expected
    union all
    select
        'no last value' as model,
        1 as day,
        5 as counter,
        5 as expected
    union all
    select
        'no last value' as model,
        2 as day,
        null as counter,
        5 as expected
    union all
    select
        'no day' as model,
        cast(null as integer) as day,
        5 as counter,
        null as expected
),

final as (
    select
        model,
        {{ arg_max('counter', 'day') }} as found,
        max(expected) as expected
    from readings
    group by model
)

select * from final
where found is distinct from expected
