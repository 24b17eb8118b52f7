-- months_between: within a year, over its end, backwards.
with cases as (
    select
        date '2025-11-01' as from_month,
        date '2026-02-01' as to_month,
        3 as expected
    union all
    select
        date '2026-02-01' as from_month,
        date '2026-02-01' as to_month,
        0 as expected
    union all
    select
        date '2026-02-01' as from_month,
        date '2024-12-01' as to_month,
        -14 as expected
)

select * from cases
where {{ months_between('from_month', 'to_month') }} is distinct from expected
