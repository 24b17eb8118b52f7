with names as (
    select * from {{ ref('stg_model_names') }}
),

names_without_id as (
    {{ with_canonical_name("(select * from " ~ ref('stg_model_names') ~ " where hub_oid is null)", 'model_id') }}
),

tenures as (
    select * from {{ ref('name_tenures') }}
    where valid_from <= valid_to
),

-- The Hub's _id decides; else who held the name on that day; else the name itself.
identities as (
    select
        name_key,
        'oid:' || hub_oid as identity,
        name_key as key_candidate,
        date '1000-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from names
    where hub_oid is not null

    union all

    select
        names_without_id.name_key,
        coalesce('oid:' || tenures.hub_oid, 'name:' || names_without_id.folded_name) as identity,
        -- A name may pass from one _id to another, so it lends its key to neither.
        case when tenures.hub_oid is null then names_without_id.name_key end as key_candidate,
        coalesce(tenures.valid_from, date '1000-01-01') as valid_from,
        coalesce(tenures.valid_to, date '9999-12-31') as valid_to
    from names_without_id
    left join tenures
        on names_without_id.folded_name = tenures.folded_name
),

final as (
    select
        name_key,
        valid_from,
        valid_to,
        min(key_candidate) over (partition by identity) as model_key
    from identities
)

select * from final
