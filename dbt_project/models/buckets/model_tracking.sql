{{ config(materialized='view') }}

with models as (
    select * from {{ ref('model_identities') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

file_attributes as (
    select * from {{ ref('file_attributes') }}
),

dates as (
    select * from {{ ref('model_dates') }}
),

organizations as (
    select * from {{ ref('organizations') }}
    where is_tracked
),

families as (
    select * from {{ ref('model_families') }}
),

overrides as (
    {{ one_row_per_name(ref('tracking_overrides'), 'model_id', ref('former_names')) }}
),

atom_list as (
    {{ with_canonical_name(ref('stg_tracked_models__list'), 'model_id', ref('former_names')) }}
),

atom_names as (
    select distinct folded_name
    from atom_list
),

name_rules as (
    select * from {{ ref('name_rule_matches') }}
),

evidence as (
    select
        models.model_key,
        overrides.is_tracked as override,
        atom_names.folded_name is not null as is_listed,
        organizations.org is not null as is_tracked_org,
        name_rules.rule as name_rule,
        dates.released_on,
        dates.release_basis,
        families.family,
        coalesce(metadata.pipeline_tag, file_attributes.pipeline_tag) as pipeline_tag,
        coalesce(metadata.library_name, '') in (
            '{{ var("tracked_libraries") | join("', '") }}'
        ) as is_served_as_llm
    from models
    left join overrides
        on lower(models.model_id) = overrides.folded_name
    left join atom_names
        on lower(models.model_id) = atom_names.folded_name
    left join organizations
        on models.org = organizations.org
    left join name_rules
        on models.name = name_rules.name
    left join dates
        on models.model_key = dates.model_key
    left join families
        on models.model_key = families.model_key
    left join metadata
        on models.model_key = metadata.model_key
    left join file_attributes
        on models.model_key = file_attributes.model_key
),

-- The steps in their order; the step that decides is kept.
decided as (
    select
        model_key,
        case
            when override then 'seed_include'
            when not override then 'seed_exclude'
            when is_listed then 'atom_list'
            when not is_tracked_org then 'not_tracked_org'
            when name_rule is not null then 'name_' || name_rule
            -- Created on the Hub's first day or before.
            when
                release_basis = 'floored'
                and date '{{ var("creation_floor") }}' <= date '{{ var("tracked_released_after") }}'
                then 'released_before'
            when released_on is null then 'release_unknown'
            when released_on <= date '{{ var("tracked_released_after") }}' then 'released_before'
            when pipeline_tag in ('{{ var("tracked_pipeline_tags") | join("', '") }}')
                then 'pipeline_tag'
            when pipeline_tag in ('{{ var("other_task_pipeline_tags") | join("', '") }}')
                then 'other_task'
            when is_served_as_llm then 'library'
            when family is not null then 'family'
            else 'no_evidence'
        end as tracking_rule
    from evidence
),

final as (
    select
        model_key,
        tracking_rule,
        tracking_rule in ('seed_include', 'atom_list', 'pipeline_tag', 'library', 'family')
            as is_tracked
    from decided
)

select * from final
