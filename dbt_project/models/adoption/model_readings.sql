with named_readings as (
    select * from {{ ref('named_readings') }}
),

model_identities as (
    select * from {{ ref('model_identities') }}
),

names as (
    select * from {{ ref('stg_model_names') }}
),

-- Two names of one model on one day count once: the one that is present, then the one spelled
-- as today.
ranked as (
    select
        named_readings.*,
        row_number() over (
            partition by
                named_readings.model_key,
                named_readings.source,
                named_readings.scope,
                named_readings.day
            order by
                case named_readings.presence when 'present' then 0 when 'unknown' then 1 else 2 end,
                case when names.model_id = model_identities.model_id then 0 else 1 end,
                names.model_id,
                named_readings.partition desc
        ) as preference
    from named_readings
    inner join model_identities
        on named_readings.model_key = model_identities.model_key
    inner join names
        on named_readings.name_key = names.name_key
),

final as (
    select
        model_key,
        day,
        source,
        source_rank,
        scope,
        presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early
    from ranked
    where preference = 1
)

select * from final
