-- arg_min: the value at the least key; rows without a value or a key do not count.
with spans as (
    select
        'rises' as model,
        1 as day,
        10 as counter,
        10 as expected
    union all
    select
        'rises' as model,
        2 as day,
        17 as counter,
        10 as expected
    union all
    select
        'no first value' as model,
        1 as day,
        null as counter,
        5 as expected
    union all
    select
        'no first value' as model,
        2 as day,
        5 as counter,
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
        {{ arg_min('counter', 'day') }} as found,
        max(expected) as expected
    from spans
    group by model
)

select * from final
where found is distinct from expected
