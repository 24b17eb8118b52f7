{{ config(materialized='view') }}

with metadata as (
    select * from {{ ref('hub_metadata') }}
),

names as (
    select * from {{ ref('stg_model_names') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

-- Lists become rows in a select of their own: joined to their list, each is compared with it.
listed_parents as (
    select
        name_key,
        day,
        content_key,
        base_relation,
        {{ unnest_list('base_models') }} as base
    from metadata
),

-- Tags speak only where the Hub's own list of bases is missing.
tags as (
    select
        name_key,
        day,
        content_key,
        {{ unnest_list('tags') }} as tag
    from metadata
    where base_models is null
),

tag_parents as (
    select
        name_key,
        day,
        content_key,
        {{ regexp_capture('tag', "'^base_model:(?:[^:]*:)?([^:]+)$'", 1) }} as parent_model_id,
        {{ regexp_capture('tag', "'^base_model:([^:]+):'", 1) }} as stated_relation
    from tags
    where tag like 'base_model:%'
),

all_parents as (
    select
        name_key,
        day,
        content_key,
        base.hub_oid as parent_hub_oid,
        base.model_id as parent_model_id,
        base_relation as stated_relation,
        false as is_tag
    from listed_parents
    where base.model_id <> ''

    union all

    select
        name_key,
        day,
        content_key,
        null as parent_hub_oid,
        parent_model_id,
        stated_relation,
        true as is_tag
    from tag_parents
    where parent_model_id <> ''
),

resolved as (
    select
        all_parents.name_key,
        all_parents.day,
        all_parents.content_key,
        all_parents.is_tag,
        children.model_key as child_key,
        parents.model_key as parent_key,
        case
            when all_parents.stated_relation in ('finetune', 'adapter', 'quantized', 'merge')
                then all_parents.stated_relation
            else 'unspecified'
        end as relation
    from all_parents
    inner join model_keys as children
        on
            all_parents.name_key = children.name_key
            and all_parents.day between children.valid_from and children.valid_to
    left join names
        on
            all_parents.parent_model_id = names.model_id
            and coalesce(all_parents.parent_hub_oid, '') = coalesce(names.hub_oid, '')
    left join model_keys as parents
        on
            names.name_key = parents.name_key
            and all_parents.day between parents.valid_from and parents.valid_to
),

-- A tag without a relation is the second spelling of the tag that has one.
spellings as (
    select
        *,
        max(case when relation <> 'unspecified' then 1 else 0 end) over (
            partition by name_key, day, content_key, parent_key
        ) as has_relation
    from resolved
    where is_tag
),

final as (
    select
        name_key,
        day,
        content_key,
        child_key,
        parent_key,
        relation
    from resolved
    where not is_tag

    union

    select
        name_key,
        day,
        content_key,
        child_key,
        parent_key,
        relation
    from spellings
    where relation <> 'unspecified' or has_relation = 0
)

select * from final
