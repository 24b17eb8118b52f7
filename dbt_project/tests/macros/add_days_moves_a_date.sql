-- add_days: forwards, backwards, by a column, over a leap day; nothing of nothing.
with cases as (
    select
        date '2024-02-28' as day,
        2 as n,
        date '2024-03-01' as expected
    union all
    select
        date '2026-01-01' as day,
        -1 as n,
        date '2025-12-31' as expected
    union all
    select
        cast(null as date) as day,
        1 as n,
        cast(null as date) as expected
)

select * from cases
where {{ add_days('day', 'n') }} is distinct from expected
