{{ config(materialized='view') }}

-- Who asks for some months names the days of their spans too: only the readings of those are read then.
with months as (
    select * from {{ ref('main_months') }}
),

late_months as (
    select distinct
        last_read_on,
        {{ month_start('last_read_on') }} as last_month
    from months
    where last_read_on < month
),

-- The counters at the last read of a scope that is no longer read. Those gone by then are carried
-- anyway.
lasts as (
    select
        readings.model_key,
        {{ arg_max('readings.downloads_all_time', 'readings.day') }} as counter_end
    from {{ ref('main_readings') }} as readings
    inner join late_months
        on readings.day between late_months.last_month and late_months.last_read_on
    group by readings.model_key
    having
        {{ arg_max('readings.presence', 'readings.day') }} = 'present'
        and {{ arg_max('readings.downloads_all_time', 'readings.day') }} is not null
),

-- What is gone is carried from month to month, and so is everything where the scope is no longer
-- read.
carried as (
    select
        months.month,
        ends.model_key,
        months.counted_to as to_day,
        ends.counter_after as counter_end
    from {{ ref('plain_spans') }} as ends
    inner join months
        on ends.to_day < months.month
    where ends.kind = 'end'

    union all

    select
        months.month,
        lasts.model_key,
        months.counted_to as to_day,
        lasts.counter_end
    from lasts
    inner join months
        on months.last_read_on < months.month
)

-- A span over the end of a month has a piece in each.
select
    months.month,
    spans.model_key,
    spans.kind,
    spans.from_day >= months.month as is_start,
    greatest(spans.from_day, months.month) as from_day,
    least(spans.to_day, months.month_end) as to_day,
    spans.from_day as span_from,
    spans.to_day as span_to,
    {{ span_counter('spans', "greatest(" ~ add_days('months.month', -1) ~ ", "
        ~ add_days('spans.from_day', -1) ~ ")") }} as counter_start,
    {{ span_counter('spans', 'least(spans.to_day, months.month_end)') }} as counter_end
from {{ ref('plain_spans') }} as spans
inner join months
    on spans.from_day <= months.month_end and spans.to_day >= months.month
where
    spans.from_day < spans.to_month
    and (
        spans.kind != 'step'
        or spans.counter_before != spans.counter_after
        or months.is_carried
    )

union all

-- Where a month is not read to its end all are carried in it, so all have a row.
select
    months.month,
    spans.model_key,
    'quiet' as kind,
    true as is_start,
    spans.from_day,
    spans.to_day,
    spans.from_day as span_from,
    spans.to_day as span_to,
    spans.counter_before as counter_start,
    spans.counter_after as counter_end
from {{ ref('plain_spans') }} as spans
inner join months
    on spans.to_month = months.month
where
    months.is_carried
    and spans.from_day >= spans.to_month
    and spans.kind = 'step'
    and spans.counter_before = spans.counter_after

union all

select
    month,
    model_key,
    'carried' as kind,
    false as is_start,
    month as from_day,
    to_day,
    month as span_from,
    to_day as span_to,
    counter_end as counter_start,
    counter_end
from carried
