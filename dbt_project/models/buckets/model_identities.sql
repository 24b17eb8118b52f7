with model_keys as (
    select * from {{ ref('model_keys') }}
),

names as (
    {{ with_canonical_name(ref('stg_model_names'), 'model_id') }}
),

readings as (
    select * from {{ ref('hub_readings') }}
),

sources_sightings as (
    select
        name_key,
        source_rank,
        max(day) as last_present_on
    from readings
    where presence = 'present'
    group by name_key, source_rank
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
        model_keys.model_key,
        names.canonical_id,
        sightings.last_present_on,
        sightings.source_rank,
        max(names.hub_oid) over (partition by model_keys.model_key) as hub_oid,
        row_number() over (
            partition by model_keys.model_key
            order by
                sightings.last_present_on desc nulls last,
                sightings.source_rank,
                case when names.hub_oid is null then 1 else 0 end,
                names.canonical_id,
                model_keys.valid_from desc
        ) as name_rank
    from model_keys
    inner join names
        on model_keys.name_key = names.name_key
    left join sightings
        on model_keys.name_key = sightings.name_key and sightings.recency = 1
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
        lower(model_id) as folded_name,
        {{ dbt.split_part('canonical_id', "'/'", 1) }} as org,
        case
            when {{ dbt.position("'/'", 'canonical_id') }} = 0 then canonical_id
            else substr(canonical_id, {{ dbt.position("'/'", 'canonical_id') }} + 1)
        end as name
    from named
)

select * from final
