-- floor_div: also where a double would no longer hold the product.
with cases as (
    select
        cast(17 as bigint) as a,
        cast(4 as bigint) as b,
        cast(4 as bigint) as expected
    union all
    select
        cast(0 as bigint) as a,
        cast(3 as bigint) as b,
        cast(0 as bigint) as expected
    union all
    select
        cast(9007199254740993 as bigint) as a,
        cast(1 as bigint) as b,
        cast(9007199254740993 as bigint) as expected
)

select * from cases
where {{ floor_div('a', 'b') }} is distinct from expected
