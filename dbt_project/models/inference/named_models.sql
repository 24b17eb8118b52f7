{{ config(materialized='view') }}

with names as (
    {{ with_canonical_name(ref('stg_model_names'), 'model_id') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

tenures as (
    select * from {{ ref('name_tenures') }}
),

-- Of the whole Hub's names only few are asked about.
asked as (
    select distinct repository_folded_name
    from {{ ref('slug_matches') }}
),

final as (
    select distinct
        names.folded_name,
        model_keys.model_key,
        coalesce(tenures.valid_from, model_keys.valid_from) as valid_from,
        coalesce(tenures.valid_to, model_keys.valid_to) as valid_to
    from asked
    inner join names
        on asked.repository_folded_name = names.folded_name
    inner join model_keys
        on names.name_key = model_keys.name_key
    left join tenures
        on
            names.folded_name = tenures.folded_name
            and names.hub_oid = tenures.hub_oid
)

select * from final
