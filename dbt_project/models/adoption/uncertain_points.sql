{{ config(materialized='view') }}

with points as (
    select * from {{ ref('point_counters') }}
),

-- Readings that may be of an earlier day than they are booked on ...
uncertain_readings as (
    select
        readings.model_key,
        readings.day
    from {{ ref('model_readings') }} as readings
    left join {{ ref('model_observations') }} as observations
        on readings.model_key = observations.model_key and readings.day = observations.day
    where
        readings.days_early > 0
        -- Of a weighed model the reading that is believed.
        and (
            observations.model_key is null
            or (readings.source = observations.source and readings.scope = observations.scope)
        )
),

-- ... and reads of which an unchanged model has no row.
uncertain_reads as (
    select
        source,
        scope,
        day
    from {{ ref('stg_read_days') }}
    where days_early > 0 and is_complete
),

final as (
    select
        points.model_key,
        points.day
    from points
    inner join uncertain_readings as readings
        on
            points.model_key = readings.model_key
            and readings.day in (points.read_after, points.read_before)

    union

    select
        points.model_key,
        points.day
    from points
    inner join uncertain_reads as reads
        on
            points.source = reads.source
            and points.scope = reads.scope
            and reads.day in (points.read_after, points.read_before)
)

select * from final
