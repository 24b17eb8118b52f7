{{ config(materialized='view') }}

with last_rows as (
    select * from {{ ref('counter_changes') }}
    where row_after is null
),

as_of as (
    select * from {{ ref('as_of') }}
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from {{ ref('read_calendar') }}
    where is_read
    group by source, scope
),

-- Where a model's counter was last known, and to which day its scope is read.
ends as (
    select
        last_rows.model_key,
        last_rows.is_counter,
        last_rows.source,
        last_rows.scope,
        last_rows.day,
        case
            when last_rows.is_counter then greatest(last_rows.day, last_reads.last_read_on)
            else greatest(last_rows.row_before, last_rows.read_before)
        end as last_day,
        case
            when last_rows.is_counter then last_rows.downloads_all_time
            else last_rows.counter_before
        end as counter
    from last_rows
    left join last_reads
        on last_rows.source = last_reads.source and last_rows.scope = last_reads.scope
)

-- From the last row to the last read day nothing changed.
select
    model_key,
    'flat' as kind,
    {{ add_days('day', 1) }} as from_day,
    last_day as to_day,
    counter as counter_before,
    counter as counter_after,
    source,
    scope
from ends
where is_counter and last_day > day

union all

-- After the last reading nothing is extrapolated: the counter is carried.
select
    ends.model_key,
    'carried' as kind,
    {{ add_days('ends.last_day', 1) }} as from_day,
    as_of.as_of as to_day,
    ends.counter as counter_before,
    ends.counter as counter_after,
    null as source,
    null as scope
from ends
cross join as_of
where ends.last_day < as_of.as_of
