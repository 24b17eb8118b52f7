-- dbt's dateadd by months, month_start and month_end: from a month's end, in a leap year, of nothing.
with cases as (
    select
        date '2024-03-01' as day,
        date '2024-02-01' as month_before,
        date '2024-03-31' as last_day
    union all
    select
        date '2024-02-29' as day,
        date '2024-01-29' as month_before,
        date '2024-02-29' as last_day
    union all
    select
        cast(null as date) as day,
        cast(null as date) as month_before,
        cast(null as date) as last_day
)

select * from cases
where
    cast({{ dbt.dateadd('month', -1, 'day') }} as date) is distinct from month_before
    or {{ month_end('day') }} is distinct from last_day
    or {{ month_start('last_day') }} is distinct from {{ month_start('day') }}
