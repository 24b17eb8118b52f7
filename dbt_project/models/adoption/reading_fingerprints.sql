with named_readings as (
    select * from {{ ref('named_readings') }}
),

model_keys as (
    select * from {{ ref('weighed_keys') }}
),

model_identities as (
    select * from {{ ref('model_identities') }}
),

names as (
    select * from {{ ref('stg_model_names') }}
),

-- Of two names of one model that is preferred which is spelled as today.
shared_keys as (
    select model_key
    from model_keys
    group by model_key
    having count(distinct name_key) > 1
),

spellings as (
    select distinct
        model_keys.model_key,
        names.name_key,
        names.model_id,
        model_identities.model_id as present_id
    from model_keys
    inner join shared_keys
        on model_keys.model_key = shared_keys.model_key
    inner join names
        on model_keys.name_key = names.name_key
    inner join model_identities
        on model_keys.model_key = model_identities.model_key
),

final as (
    select
        {{ month_start('named_readings.day') }} as month,
        {{ partition_hash([
            'named_readings.model_key', 'named_readings.name_key', 'named_readings.day',
            'named_readings.source', 'named_readings.scope', 'named_readings.presence',
            'named_readings.downloads_30d', 'named_readings.downloads_all_time',
            'named_readings.likes', 'named_readings.days_early', 'named_readings.partition',
            'spellings.model_id', 'spellings.present_id',
        ]) }} as fingerprint
    from named_readings
    left join spellings
        on
            named_readings.model_key = spellings.model_key
            and named_readings.name_key = spellings.name_key
    group by {{ month_start('named_readings.day') }}
)

select * from final
