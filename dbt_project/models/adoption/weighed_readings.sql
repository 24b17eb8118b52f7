{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('reading_fingerprints'), 'read_month') }}",
) }}

{% set changed = changed_partitions(ref('reading_fingerprints'), 'read_month') %}

with named_readings as (
    select
        *,
        {{ month_start('day') }} as read_month
    from {{ ref('named_readings') }}
    where
        {{ is_near_partitions('day', 'day', changed) }}
        and {{ is_in_partitions(month_start('day'), changed) }}
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

-- Only these can have two readings of a source, scope and day: all others are passed over.
shared_keys as (
    select model_key
    from {{ ref('weighed_keys') }}
    group by model_key
    having count(distinct name_key) > 1
),

contested as (
    select
        named_readings.model_key,
        named_readings.name_key,
        named_readings.day,
        named_readings.source,
        named_readings.scope,
        named_readings.presence,
        named_readings.partition
    from {{ ref('named_readings') }} as named_readings
    left join shared_keys
        on named_readings.model_key = shared_keys.model_key
    where
        (shared_keys.model_key is not null or named_readings.source = 'files')
        and {{ is_near_partitions('named_readings.day', 'named_readings.day', changed) }}
        and {{ is_in_partitions(month_start('named_readings.day'), changed) }}
),

-- Two names of one model on one day count once: the one that is present, then the one spelled
-- as today; of two files the later one.
ranked as (
    select
        contested.*,
        row_number() over (
            partition by
                contested.model_key, contested.source, contested.scope, contested.day
            order by
                case contested.presence when 'present' then 0 when 'unknown' then 1 else 2 end,
                case when names.model_id = model_identities.model_id then 0 else 1 end,
                names.model_id,
                contested.partition desc
        ) as preference
    from contested
    inner join model_identities
        on contested.model_key = model_identities.model_key
    inner join names
        on contested.name_key = names.name_key
),

left_out as (
    select * from ranked
    where preference > 1
),

final as (
    select
        named_readings.model_key,
        named_readings.day,
        named_readings.source,
        named_readings.source_rank,
        named_readings.scope,
        named_readings.presence,
        named_readings.downloads_30d,
        named_readings.downloads_all_time,
        named_readings.likes,
        named_readings.days_early,
        named_readings.read_month,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from named_readings
    left join left_out
        on
            named_readings.model_key = left_out.model_key
            and named_readings.name_key = left_out.name_key
            and named_readings.source = left_out.source
            and named_readings.scope = left_out.scope
            and named_readings.day = left_out.day
            and named_readings.partition = left_out.partition
    left join fingerprints
        on named_readings.read_month = fingerprints.month
    where left_out.model_key is null
)

select * from final
