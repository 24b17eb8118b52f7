-- days_between: over a leap day, backwards, none.
with cases as (
    select
        date '2024-02-28' as from_day,
        date '2024-03-01' as to_day,
        2 as expected
    union all
    select
        date '2026-01-01' as from_day,
        date '2025-12-31' as to_day,
        -1 as expected
    union all
    select
        date '2026-01-01' as from_day,
        date '2026-01-01' as to_day,
        0 as expected
)

select * from cases
where {{ days_between('from_day', 'to_day') }} is distinct from expected
