with model_keys as (
    select * from {{ ref('model_keys') }}
),

names as (
    {{ with_canonical_name(ref('stg_model_names'), 'model_id') }}
),

named_keys as (
    select
        model_keys.model_key,
        model_keys.name_key,
        model_keys.valid_from,
        names.canonical_id,
        names.hub_oid,
        lower(names.canonical_id) as folded_id
    from model_keys
    inner join names
        on model_keys.name_key = names.name_key
),

-- A name that several models have stood under: who has it today hangs on who was seen last.
contested_names as (
    select folded_id
    from named_keys
    group by folded_id
    having min(model_key) <> max(model_key)
),

-- Nearly all models have one name, and it is theirs alone: readings are asked about the others only.
contested_models as (
    select model_key
    from named_keys
    group by model_key
    having count(*) > 1

    union

    select named_keys.model_key
    from named_keys
    inner join contested_names
        on named_keys.folded_id = contested_names.folded_id
),

contested as (
    select named_keys.*
    from named_keys
    inner join contested_models
        on named_keys.model_key = contested_models.model_key
),

sources_sightings as (
    select
        readings.name_key,
        readings.source_rank,
        max(readings.day) as last_present_on
    from {{ ref('hub_readings') }} as readings
    inner join (select distinct name_key from contested) as asked
        on readings.name_key = asked.name_key
    where readings.presence = 'present'
    group by readings.name_key, readings.source_rank
),

-- Of two sources on one day the better one tells the name: dated snapshots lag behind a rename.
sightings as (
    select
        *,
        row_number() over (
            partition by name_key order by last_present_on desc, source_rank
        ) as recency
    from sources_sightings
),

-- Today's name: the one under which the Hub showed the model last, in the Hub's spelling.
ranked_names as (
    select
        contested.model_key,
        contested.canonical_id,
        sightings.last_present_on,
        sightings.source_rank,
        max(contested.hub_oid) over (partition by contested.model_key) as hub_oid,
        row_number() over (
            partition by contested.model_key
            order by
                sightings.last_present_on desc nulls last,
                sightings.source_rank,
                case when contested.hub_oid is null then 1 else 0 end,
                contested.canonical_id,
                contested.valid_from desc
        ) as name_rank
    from contested
    left join sightings
        on contested.name_key = sightings.name_key and sightings.recency = 1
),

-- Of two models under one name the one seen last keeps it, the earlier one is marked.
claims as (
    select
        model_key,
        hub_oid,
        canonical_id,
        row_number() over (
            partition by lower(canonical_id)
            order by last_present_on desc nulls last, source_rank, hub_oid desc nulls last
        ) as claim_rank
    from ranked_names
    where name_rank = 1

    union all

    select
        named_keys.model_key,
        named_keys.hub_oid,
        named_keys.canonical_id,
        1 as claim_rank
    from named_keys
    left join contested_models
        on named_keys.model_key = contested_models.model_key
    where contested_models.model_key is null
),

named as (
    select
        model_key,
        hub_oid,
        canonical_id,
        case when claim_rank = 1 then canonical_id else canonical_id || '@' || hub_oid end
            as model_id
    from claims
),

final as (
    select
        model_key,
        hub_oid,
        model_id,
        {{ dbt.split_part('canonical_id', "'/'", 1) }} as org,
        case
            when {{ dbt.position("'/'", 'canonical_id') }} = 0 then canonical_id
            else substr(canonical_id, {{ dbt.position("'/'", 'canonical_id') }} + 1)
        end as name
    from named
)

select * from final
