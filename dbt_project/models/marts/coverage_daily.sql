with loads as (
    select * from {{ ref('stg_loads') }}
    where status = 'loaded'
),

-- Each file of rankings has a month of days, most of which an earlier file had: the newest counts, as it
-- does for tokens.
read_days as (
    select *
    from (
        select
            days.*,
            row_number() over (
                partition by days.source, days.scope, days.day
                order by loads.as_of desc nulls last, days.partition desc
            ) as version
        from {{ ref('stg_read_days') }} as days
        left join loads
            on days.load_id = loads.load_id
    ) as versions
    where version = 1 or not (source = 'openrouter' and scope = 'rankings')
),

-- A partition of one day, or of one day and scope, has its counts in the ledger. Of a file of many
-- days the days' own rows are counted; its rejects stand with the file, in the ledger. So are
-- discovery's scopes that only say what was listed: the models themselves are in its rows.
counted as (
    select
        read_days.*,
        loads.finished_at,
        coalesce(
            (
                loads.partition = cast(read_days.day as {{ dbt.type_string() }})
                and not (read_days.source = 'hub_discovery' and read_days.scope != 'rows')
            )
            or loads.partition = cast(read_days.day as {{ dbt.type_string() }}) || '.' || read_days.scope,
            false
        ) as is_in_ledger,
        loads.rows_read as load_rows_read,
        loads.rows_stored as load_rows_stored,
        loads.rows_unchanged as load_rows_unchanged,
        loads.rows_rejected as load_rows_rejected
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
        cast(sum(case when is_in_ledger then load_rows_read else models_read end) as bigint)
            as rows_read,
        cast(sum(case when is_in_ledger then load_rows_stored else models_read end) as bigint)
            as rows_stored,
        cast(sum(case when is_in_ledger then load_rows_unchanged else 0 end) as bigint)
            as rows_unchanged,
        cast(sum(case when is_in_ledger then load_rows_rejected else 0 end) as bigint)
            as rows_rejected,
        max(days_early) as days_early,
        max(finished_at) as loaded_at
    from counted
    group by source, scope, day
),

-- Some sources only know now: a day that was not read can never be read again, also at the end,
-- where others of the same source were read. What discovery lists in rotation is not due every
-- day.
scopes as (
    select
        source,
        scope,
        coalesce(
            source in ('hub_api', 'modelscope')
            or (source = 'hub_discovery' and scope = 'rows')
            or (source = 'openrouter' and scope = 'catalogue'),
            false
        ) as knows_only_now,
        source = 'hub_discovery' and scope like 'base:%' as is_in_rotation,
        min(day) as first_day,
        max(day) as last_day,
        max(max(day)) over (partition by source) as last_day_of_source
    from read
    group by source, scope
),

spine as (
    {{ date_spine(
        '(select min(first_day) from scopes)', '(select max(last_day) from scopes)'
    ) }}
),

-- Every day between the first and the last: a day that nobody read is a row too.
calendar as (
    select
        scopes.source,
        scopes.scope,
        days.day,
        case when scopes.knows_only_now then 'unrecoverable' else 'missing' end as status
    from scopes
    inner join spine as days
        on
            days.day between scopes.first_day
            and case when scopes.knows_only_now then scopes.last_day_of_source else scopes.last_day end
    where not scopes.is_in_rotation

    union all

    select
        read.source,
        read.scope,
        read.day,
        read.status
    from read
    inner join scopes
        on read.source = scopes.source and read.scope = scopes.scope
    where scopes.is_in_rotation
)

select
    calendar.source,
    calendar.scope,
    calendar.day,
    coalesce(read.status, calendar.status) as status,
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
