with read_calendar as (
    select * from {{ ref('read_calendar') }}
),

readings as (
    select weighed_readings.*
    from {{ ref('weighed_readings') }} as weighed_readings
    inner join {{ ref('as_of') }} as as_of
        on weighed_readings.day <= as_of.as_of
),

-- F, per scope: from here on a new model's launch can be seen.
scopes as (
    select
        source,
        scope,
        min(day) as first_read_on,
        max(day) as last_read_on
    from read_calendar
    group by source, scope
),

model_scopes as (
    select
        readings.model_key,
        readings.source,
        readings.source_rank,
        readings.scope,
        min(readings.day) as first_row_on
    from readings
    group by readings.model_key, readings.source, readings.source_rank, readings.scope
),

firsts as (
    select
        model_scopes.model_key,
        count(*) as scopes_of_model,
        min(scopes.first_read_on) as first_read_on
    from model_scopes
    left join scopes
        on model_scopes.source = scopes.source and model_scopes.scope = scopes.scope
    group by model_scopes.model_key
),

-- Rows that carry the all-time counter, or end its reading.
counter_rows as (
    select
        readings.*,
        coalesce(readings.presence = 'present' and readings.downloads_all_time is not null, false)
            as is_counter,
        firsts.scopes_of_model,
        firsts.first_read_on
    from readings
    inner join firsts
        on readings.model_key = firsts.model_key
),

-- Most models are read by one source in one scope: their sparse rows stand as they are.
single_source as (
    select
        counter_rows.model_key,
        counter_rows.day,
        counter_rows.source,
        counter_rows.scope,
        counter_rows.downloads_all_time,
        counter_rows.is_counter,
        counter_rows.first_read_on,
        before_this.read_on_or_before as read_before
    from counter_rows
    left join read_calendar as before_this
        on
            counter_rows.source = before_this.source
            and counter_rows.scope = before_this.scope
            and before_this.day = {{ add_days('counter_rows.day', -1) }}
    where counter_rows.scopes_of_model = 1
),

-- Models of several sources or scopes: the best of each day counts. Which that is can change only on
-- a day on which one of them has a row, on the next read day after it (a single row holds for its
-- day), and where the scopes that were read are not those of the read day before. The read day
-- after a change confirms a fall, or does not. Only these days are looked at: between them the same
-- scope is read on, unchanged.
several_sources as (
    select * from counter_rows
    where scopes_of_model > 1
),

several_scopes as (
    select model_scopes.*
    from model_scopes
    inner join firsts
        on model_scopes.model_key = firsts.model_key
    where firsts.scopes_of_model > 1
),

-- The scopes of a model that are read completely, as one text: few texts stand for all models.
combinations as (
    select
        several_scopes.model_key,
        {{ dbt.listagg(
            "several_scopes.source || '/' || several_scopes.scope",
            "' '",
            "order by several_scopes.source, several_scopes.scope"
        ) }} as combination,
        min(several_scopes.first_row_on) as first_row_on
    from several_scopes
    inner join scopes
        on several_scopes.source = scopes.source and several_scopes.scope = scopes.scope
    group by several_scopes.model_key
),

combination_scopes as (
    select distinct
        combinations.combination,
        several_scopes.source,
        several_scopes.scope
    from combinations
    inner join several_scopes
        on combinations.model_key = several_scopes.model_key
    inner join scopes
        on several_scopes.source = scopes.source and several_scopes.scope = scopes.scope
),

combination_reads as (
    select
        combination_scopes.combination,
        read_calendar.day,
        {{ dbt.listagg(
            "read_calendar.source || '/' || read_calendar.scope",
            "' '",
            "order by read_calendar.source, read_calendar.scope"
        ) }} as scopes_read
    from combination_scopes
    inner join read_calendar
        on
            combination_scopes.source = read_calendar.source
            and combination_scopes.scope = read_calendar.scope
            and read_calendar.is_read
    group by combination_scopes.combination, read_calendar.day
),

combination_changes as (
    select
        combination,
        day,
        coalesce(
            scopes_read = lag(scopes_read) over (partition by combination order by day)
            and scopes_read = lag(scopes_read, 2) over (partition by combination order by day),
            false
        ) as is_as_before
    from combination_reads
),

row_days as (
    select distinct
        model_key,
        day
    from several_sources
),

calendar_days as (
    select distinct day from row_days
    union
    select distinct day from combination_reads
),

read_days as (
    select
        every_combination.combination,
        calendar_days.day,
        min(combination_reads.day) over (
            partition by every_combination.combination
            order by calendar_days.day
            rows between 1 following and unbounded following
        ) as next_read_on
    from (select distinct combination from combination_scopes) as every_combination
    cross join calendar_days
    left join combination_reads
        on
            every_combination.combination = combination_reads.combination
            and calendar_days.day = combination_reads.day
),

-- The next two read days after any day.
next_read_days as (
    select
        combination,
        day,
        next_read_on
    from read_days
    where next_read_on is not null

    union all

    select
        read_days.combination,
        read_days.day,
        second_days.next_read_on
    from read_days
    inner join read_days as second_days
        on
            read_days.combination = second_days.combination
            and read_days.next_read_on = second_days.day
    where second_days.next_read_on is not null
),

decisive_days as (
    select
        model_key,
        day
    from row_days

    union

    select
        row_days.model_key,
        next_read_days.next_read_on as day
    from row_days
    inner join combinations
        on row_days.model_key = combinations.model_key
    inner join next_read_days
        on
            combinations.combination = next_read_days.combination
            and row_days.day = next_read_days.day

    union

    select
        combinations.model_key,
        combination_changes.day
    from combinations
    inner join combination_changes
        on
            combinations.combination = combination_changes.combination
            and combination_changes.day > combinations.first_row_on
    where not combination_changes.is_as_before
),

-- The newest row of each scope up to each of these days.
last_rows as (
    select
        decisive_days.model_key,
        decisive_days.day,
        several_scopes.source,
        several_scopes.scope,
        max(several_sources.day) over (
            partition by decisive_days.model_key, several_scopes.source, several_scopes.scope
            order by decisive_days.day
        ) as row_day
    from decisive_days
    inner join several_scopes
        on
            decisive_days.model_key = several_scopes.model_key
            and decisive_days.day >= several_scopes.first_row_on
    left join several_sources
        on
            decisive_days.model_key = several_sources.model_key
            and several_scopes.source = several_sources.source
            and several_scopes.scope = several_sources.scope
            and decisive_days.day = several_sources.day
),

-- Hub's API, then dated snapshots, then files; of one day's scopes of a source an organisation or
-- the whole Hub comes before single rows.
best_of_day as (
    select
        last_rows.model_key,
        last_rows.day,
        last_rows.source,
        last_rows.scope,
        several_sources.source_rank,
        several_sources.downloads_all_time,
        row_number() over (
            partition by last_rows.model_key, last_rows.day
            order by
                several_sources.source_rank,
                last_rows.source,
                case when last_rows.scope = 'rows' then 1 else 0 end,
                last_rows.scope
        ) as preference
    from last_rows
    inner join several_sources
        on
            last_rows.model_key = several_sources.model_key
            and last_rows.source = several_sources.source
            and last_rows.scope = several_sources.scope
            and last_rows.row_day = several_sources.day
    left join read_calendar
        on
            last_rows.source = read_calendar.source
            and last_rows.scope = read_calendar.scope
            and last_rows.day = read_calendar.day
    where
        several_sources.is_counter
        and (last_rows.day = last_rows.row_day or read_calendar.is_read)
),

-- A fall that appears only by a change of source is held until the same source confirms it. The
-- Hub's API and discovery are one service: of one rank, one source.
chosen as (
    select
        *,
        coalesce(
            source_rank != lag(source_rank) over (partition by model_key order by day)
            and downloads_all_time
            < lag(downloads_all_time) over (partition by model_key order by day),
            false
        ) as is_unconfirmed
    from best_of_day
    where preference = 1
),

decided as (
    select
        decisive_days.model_key,
        decisive_days.day,
        chosen.source,
        chosen.scope,
        chosen.downloads_all_time,
        chosen.model_key is not null as is_counter,
        lead(decisive_days.day) over (
            partition by decisive_days.model_key order by decisive_days.day
        ) as next_day
    from decisive_days
    left join chosen
        on
            decisive_days.model_key = chosen.model_key
            and decisive_days.day = chosen.day
            and not chosen.is_unconfirmed
),

-- The last day on which the scope was read before the next of these days.
with_last_read as (
    select
        decided.*,
        coalesce(read_calendar.read_on_or_before, decided.day) as read_until
    from decided
    left join scopes
        on decided.source = scopes.source and decided.scope = scopes.scope
    left join read_calendar
        on
            decided.source = read_calendar.source
            and decided.scope = read_calendar.scope
            and read_calendar.day
            = least({{ add_days('decided.next_day', -1) }}, scopes.last_read_on)
),

final as (
    select
        model_key,
        day,
        source,
        scope,
        downloads_all_time,
        is_counter,
        first_read_on,
        read_before
    from single_source

    union all

    select
        with_last_read.model_key,
        with_last_read.day,
        with_last_read.source,
        with_last_read.scope,
        with_last_read.downloads_all_time,
        with_last_read.is_counter,
        firsts.first_read_on,
        lag(with_last_read.read_until) over (
            partition by with_last_read.model_key order by with_last_read.day
        ) as read_before
    from with_last_read
    inner join firsts
        on with_last_read.model_key = firsts.model_key
)

select * from final
