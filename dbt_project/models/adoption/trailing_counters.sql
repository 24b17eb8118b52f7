{{ config(materialized='view') }}

-- Most models are older than their first reading: nothing was read at their horizons.
with launches as (
    select launches.*
    from {{ ref('launches') }} as launches
    inner join {{ ref('latest_readings') }} as latest_readings
        on
            launches.model_key = latest_readings.model_key
            and launches.horizon_day >= latest_readings.first_reading_on
    -- What was read after the as-of day counts for nothing.
    inner join {{ ref('as_of') }} as as_of
        on launches.horizon_day <= as_of.as_of
    where
        launches.is_created_since_day_zero
        and launches.horizon_days <= {{ var('trailing_max_days') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

-- Readings are sparse: the last row up to the horizon holds on it if its scope was read then.
latest_rows as (
    select
        launches.league,
        launches.model_key,
        launches.horizon_days,
        launches.horizon_day,
        readings.source,
        readings.source_rank,
        readings.scope,
        readings.day,
        readings.presence,
        readings.downloads_30d,
        readings.days_early,
        row_number() over (
            partition by
                launches.league,
                launches.model_key,
                launches.horizon_days,
                readings.source,
                readings.scope
            order by readings.day desc
        ) as recency
    from launches
    inner join {{ ref('model_readings') }} as readings
        on launches.model_key = readings.model_key and readings.day <= launches.horizon_day
),

read_rows as (
    select
        latest_rows.league,
        latest_rows.model_key,
        latest_rows.horizon_days,
        latest_rows.downloads_30d,
        latest_rows.days_early,
        row_number() over (
            partition by latest_rows.league, latest_rows.model_key, latest_rows.horizon_days
            order by
                latest_rows.source_rank,
                latest_rows.source,
                case when latest_rows.scope = 'rows' then 1 else 0 end,
                latest_rows.scope
        ) as preference
    from latest_rows
    left join read_calendar
        on
            latest_rows.source = read_calendar.source
            and latest_rows.scope = read_calendar.scope
            and latest_rows.horizon_day = read_calendar.day
    where
        latest_rows.recency = 1
        and latest_rows.presence = 'present'
        and latest_rows.downloads_30d is not null
        and (latest_rows.day = latest_rows.horizon_day or read_calendar.is_read)
),

final as (
    select
        league,
        model_key,
        horizon_days,
        downloads_30d,
        days_early
    from read_rows
    where preference = 1
)

select * from final
