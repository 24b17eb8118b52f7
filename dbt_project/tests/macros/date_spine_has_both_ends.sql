-- date_spine: both ends, in a leap year; one day; none where an end is null or comes first.
with expected as (
    select
        'month' as spine,
        29 as days,
        date '2024-02-01' as first_day,
        date '2024-02-29' as last_day
    union all
    select
        'day' as spine,
        1 as days,
        date '2026-05-01' as first_day,
        date '2026-05-01' as last_day
),

found as (
    select
        'month' as spine,
        day
    from ({{ date_spine("date '2024-02-01'", "date '2024-02-29'") }}) as month_days
    union all
    select
        'day' as spine,
        day
    from ({{ date_spine("date '2026-05-01'", "date '2026-05-01'") }}) as one_day
    union all
    select
        'null' as spine,
        day
    from ({{ date_spine("cast(null as date)", "date '2026-05-01'") }}) as no_days
    union all
    select
        'backwards' as spine,
        day
    from ({{ date_spine("date '2026-05-02'", "date '2026-05-01'") }}) as no_days_either
),

counted as (
    select
        spine,
        count(distinct day) as days,
        min(day) as first_day,
        max(day) as last_day
    from found
    group by spine
)

select
    expected.spine as expected_spine,
    counted.*
from expected
full outer join counted
    on
        expected.spine = counted.spine
        and expected.days = counted.days
        and expected.first_day = counted.first_day
        and expected.last_day = counted.last_day
where expected.spine is null or counted.spine is null
