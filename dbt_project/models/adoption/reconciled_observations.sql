with decisive_days as (
    select * from {{ ref('decisive_days') }}
),

scopes as (
    select * from {{ ref('weighed_scopes') }}
),

readings as (
    select * from {{ ref('weighed_readings') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

-- The newest row of each scope up to each of these days.
last_rows as (
    select
        decisive_days.model_key,
        decisive_days.day,
        scopes.source,
        scopes.scope,
        max(readings.day) over (
            partition by decisive_days.model_key, scopes.source, scopes.scope
            order by decisive_days.day
        ) as row_day
    from decisive_days
    inner join scopes
        on
            decisive_days.model_key = scopes.model_key
            and decisive_days.day >= scopes.first_row_on
    left join readings
        on
            decisive_days.model_key = readings.model_key
            and scopes.source = readings.source
            and scopes.scope = readings.scope
            and decisive_days.day = readings.day
),

-- Hub's API, then dated snapshots, then files; of one day's scopes of a source an organisation or
-- the whole Hub comes before single rows.
best_of_day as (
    select
        last_rows.model_key,
        last_rows.day,
        last_rows.source,
        last_rows.scope,
        readings.source_rank,
        readings.downloads_all_time,
        row_number() over (
            partition by last_rows.model_key, last_rows.day
            order by
                readings.source_rank,
                last_rows.source,
                case when last_rows.scope = 'rows' then 1 else 0 end,
                last_rows.scope
        ) as preference
    from last_rows
    inner join readings
        on
            last_rows.model_key = readings.model_key
            and last_rows.source = readings.source
            and last_rows.scope = readings.scope
            and last_rows.row_day = readings.day
    left join read_calendar
        on
            last_rows.source = read_calendar.source
            and last_rows.scope = read_calendar.scope
            and last_rows.day = read_calendar.day
    where
        readings.presence = 'present'
        and readings.downloads_all_time is not null
        and (last_rows.day = last_rows.row_day or read_calendar.is_read)
),

-- The Hub's API and discovery are one service: of one rank, one source.
chosen as (
    select
        *,
        coalesce(
            source_rank = lag(source_rank) over (partition by model_key order by day), false
        ) as is_same_source
    from best_of_day
    where preference = 1
),

-- What the same source says twice running stands, and a run begins with it.
runs as (
    select
        *,
        count(case when is_same_source then 1 end) over (
            partition by model_key order by day
        ) as run
    from chosen
),

-- What is held is no measure of what follows: within a run the highest counter is the last that
-- stood.
compared as (
    select
        *,
        coalesce(
            not is_same_source
            and downloads_all_time < max(downloads_all_time) over (
                partition by model_key, run
                order by day
                rows between unbounded preceding and 1 preceding
            ),
            false
        ) as is_below
    from runs
),

counted as (
    select
        *,
        count(case when not is_below then 1 end) over (
            partition by model_key, run order by day
        ) as highs
    from compared
),

-- A fall that appears only by a change of source is held until the same source confirms it: running,
-- or, where sources take turns, with its second word below the counter that stood.
confirmed as (
    select
        *,
        is_below and row_number() over (
            partition by model_key, run, highs, is_below, source_rank order by day
        ) = 1 as is_held
    from counted
),

decided as (
    select
        decisive_days.model_key,
        decisive_days.day,
        confirmed.source,
        confirmed.scope,
        confirmed.downloads_all_time,
        confirmed.model_key is not null as is_counter,
        lead(decisive_days.day) over (
            partition by decisive_days.model_key order by decisive_days.day
        ) as next_day
    from decisive_days
    left join confirmed
        on
            decisive_days.model_key = confirmed.model_key
            and decisive_days.day = confirmed.day
            and not confirmed.is_held
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from read_calendar
    group by source, scope
),

-- The last day on which the scope was read before the next of these days.
final as (
    select
        decided.model_key,
        decided.day,
        decided.source,
        decided.scope,
        decided.downloads_all_time,
        decided.is_counter,
        lag(coalesce(read_calendar.read_on_or_before, decided.day)) over (
            partition by decided.model_key order by decided.day
        ) as read_before
    from decided
    left join last_reads
        on decided.source = last_reads.source and decided.scope = last_reads.scope
    left join read_calendar
        on
            decided.source = read_calendar.source
            and decided.scope = read_calendar.scope
            and read_calendar.day
            = least({{ add_days('decided.next_day', -1) }}, last_reads.last_read_on)
)

select * from final
