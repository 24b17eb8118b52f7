with model_keys as (
    select * from {{ ref('model_keys') }}
),

tenures as (
    select * from {{ ref('name_tenures') }}
),

models as (
    select
        model_key,
        model_id,
        lower(model_id) as folded_name
    from {{ ref('model_identities') }}
),

-- Nearly all models have one name: the others' alone are looked at.
several as (
    select model_key
    from model_keys
    group by model_key
    having count(*) > 1
),

names_of_several as (
    select
        names.hub_oid,
        names.model_id,
        model_keys.model_key,
        model_keys.valid_from
    from {{ ref('stg_model_names') }} as names
    inner join model_keys
        on names.name_key = model_keys.name_key
    inner join several
        on model_keys.model_key = several.model_key
),

names as (
    {{ with_canonical_name('names_of_several', 'model_id') }}
),

left_behind as (
    select
        names.folded_name,
        models.model_id,
        coalesce(tenures.valid_from, names.valid_from) as valid_from
    from names
    inner join models
        on names.model_key = models.model_key and names.folded_name != models.folded_name
    left join tenures
        on names.folded_name = tenures.folded_name and names.hub_oid = tenures.hub_oid
),

-- Who has a name today is meant by it; else who had it last.
ranked as (
    select
        left_behind.folded_name,
        left_behind.model_id,
        row_number() over (
            partition by left_behind.folded_name
            order by left_behind.valid_from desc, left_behind.model_id
        ) as recency
    from left_behind
    where not exists (
        select 1
        from models
        where models.folded_name = left_behind.folded_name
    )
),

final as (
    select
        folded_name,
        model_id
    from ranked
    where recency = 1
)

select * from final
