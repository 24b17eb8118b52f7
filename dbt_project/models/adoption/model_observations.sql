with readings as (
    select * from {{ ref('model_readings') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- F, per scope: from here on a new model's launch can be seen.
scope_starts as (
    select
        source,
        scope,
        min(day) as first_read_on
    from read_calendar
    group by source, scope
),

-- Rows that carry the all-time counter, or end its reading.
counter_rows as (
    select
        readings.*,
        coalesce(readings.presence = 'present' and readings.downloads_all_time is not null, false)
            as is_counter,
        count(*) over (
            partition by readings.model_key, readings.source, readings.scope
        ) as rows_of_scope,
        count(*) over (partition by readings.model_key) as rows_of_model,
        min(scope_starts.first_read_on) over (partition by readings.model_key) as first_read_on
    from readings
    cross join as_of
    left join scope_starts
        on readings.source = scope_starts.source and readings.scope = scope_starts.scope
    where readings.day <= as_of.as_of
),

-- Most models are read by one source: their sparse rows stay sparse.
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
    where counter_rows.rows_of_scope = counter_rows.rows_of_model
),

-- Models of several sources: every read day becomes a row, so that the best source of each
-- day can be taken.
several_sources as (
    select
        *,
        lead(day) over (partition by model_key, source, scope order by day) as next_row_day
    from counter_rows
    where rows_of_scope != rows_of_model
),

dense as (
    select
        several_sources.model_key,
        coalesce(read_calendar.day, several_sources.day) as day,
        several_sources.source,
        several_sources.source_rank,
        several_sources.downloads_all_time,
        several_sources.first_read_on
    from several_sources
    cross join as_of
    left join read_calendar
        on
            several_sources.source = read_calendar.source
            and several_sources.scope = read_calendar.scope
            and read_calendar.is_read
            and read_calendar.day >= several_sources.day
            and read_calendar.day <= as_of.as_of
            and (
                several_sources.next_row_day is null
                or read_calendar.day < several_sources.next_row_day
            )
    where several_sources.is_counter
),

best_of_day as (
    select
        *,
        row_number() over (partition by model_key, day order by source_rank) as preference
    from dense
),

chosen as (
    select
        *,
        lag(source) over (partition by model_key order by day) as source_before,
        lag(downloads_all_time) over (partition by model_key order by day) as counter_before
    from best_of_day
    where preference = 1
),

-- A fall that appears only by a change of source is held until the same source confirms it.
confirmed as (
    select *
    from chosen
    where
        source_before is null
        or source = source_before
        or downloads_all_time >= counter_before
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
        model_key,
        day,
        source,
        null as scope,
        downloads_all_time,
        true as is_counter,
        first_read_on,
        lag(day) over (partition by model_key order by day) as read_before
    from confirmed
)

select * from final
