with loads as (
    select * from {{ ref('stg_loads') }}
    where status = 'loaded'
),

read_days as (
    select * from {{ ref('stg_read_days') }}
),

-- A partition of one day has its counts in the ledger. Of a file of many days the days' own rows
-- are counted; its rejects stand with the file, in the ledger.
counted as (
    select
        read_days.*,
        loads.finished_at,
        case when loads.partition = cast(read_days.day as varchar) then loads.rows_read end
            as day_rows_read,
        case when loads.partition = cast(read_days.day as varchar) then loads.rows_stored end
            as day_rows_stored,
        case when loads.partition = cast(read_days.day as varchar) then loads.rows_unchanged end
            as day_rows_unchanged,
        case when loads.partition = cast(read_days.day as varchar) then loads.rows_rejected end
            as day_rows_rejected
    from read_days
    left join loads
        on read_days.load_id = loads.load_id
),

read as (
    select
        source,
        scope,
        day,
        case when bool_and(is_complete) then 'complete' else 'partial' end as status,
        cast(sum(coalesce(day_rows_read, models_read)) as bigint) as rows_read,
        cast(sum(coalesce(day_rows_stored, models_read)) as bigint) as rows_stored,
        cast(sum(coalesce(day_rows_unchanged, 0)) as bigint) as rows_unchanged,
        cast(sum(coalesce(day_rows_rejected, 0)) as bigint) as rows_rejected,
        max(days_early) as days_early,
        max(finished_at) as loaded_at
    from counted
    group by source, scope, day
),

bounds as (
    select
        source,
        scope,
        min(day) as first_day,
        max(day) as last_day
    from read
    group by source, scope
),

spine as (
    {{ date_spine('(select min(first_day) from bounds)', '(select max(last_day) from bounds)') }}
),

-- Every day between the first and the last: a day that nobody read is a row too.
calendar as (
    select
        bounds.source,
        bounds.scope,
        days.day
    from bounds
    inner join spine as days
        on days.day between bounds.first_day and bounds.last_day
)

select
    calendar.source,
    calendar.scope,
    calendar.day,
    coalesce(read.status, 'missing') as status,
    coalesce(read.rows_read, 0) as rows_read,
    coalesce(read.rows_stored, 0) as rows_stored,
    coalesce(read.rows_unchanged, 0) as rows_unchanged,
    coalesce(read.rows_rejected, 0) as rows_rejected,
    coalesce(read.days_early, 0) as days_early,
    read.loaded_at
from calendar
left join read
    on
        calendar.source = read.source
        and calendar.scope = read.scope
        and calendar.day = read.day
