{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('reading_fingerprints'), 'read_month') }}",
) }}

with named_readings as (
    select
        *,
        {{ month_start('day') }} as read_month
    from {{ ref('named_readings') }}
    where {{ partitions_to_build(month_start('day'), 'read_month') }}
),

fingerprints as (
    select * from {{ ref('reading_fingerprints') }}
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
        ranked.model_key,
        ranked.day,
        ranked.source,
        ranked.source_rank,
        ranked.scope,
        ranked.presence,
        ranked.downloads_30d,
        ranked.downloads_all_time,
        ranked.likes,
        ranked.days_early,
        ranked.read_month,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from ranked
    left join fingerprints
        on ranked.read_month = fingerprints.month
    where ranked.preference = 1
)

select * from final
