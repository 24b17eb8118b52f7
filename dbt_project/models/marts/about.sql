with loads as (
    select * from {{ ref('stg_loads') }}
    where status = 'loaded'
),

as_of as (
    select * from {{ ref('as_of') }}
),

atom_list as (
    {{ with_canonical_name(ref('stg_tracked_models__list'), 'model_id', ref('former_names')) }}
),

models as (
    select * from {{ ref('models') }}
),

-- How much of the ATOM project's list has a cumulative counter here. Two listed names of one
-- repository count once.
listed as (
    select
        count(distinct atom_list.folded_name) as listed_models,
        count(distinct case when models.downloads_all_time is not null then models.model_key end)
            as listed_models_covered
    from atom_list
    left join models
        on atom_list.folded_name = lower(models.model_id)
),

loaded as (
    select
        case
            when count(*) = 0 then 'empty'
            when bool_and(is_synthetic) then 'synthetic'
            when bool_or(is_synthetic) then 'mixed'
            else 'real'
        end as data_kind,
        {{ dbt.listagg('distinct source', "', '", 'order by source') }} as sources
    from loads
)

select
    loaded.data_kind,
    as_of.as_of,
    as_of.basis as as_of_basis,
    cast({{ dbt.current_timestamp() }} as timestamp) as built_at,
    '{{ env_var("HUBTIDE_BUILD_ID", "unpublished") }}' as build_id,
    '{{ env_var("HUBTIDE_COMMIT", "unknown") }}' as commit,
    loaded.sources,
    listed.listed_models,
    listed.listed_models_covered
from loaded
cross join listed
left join as_of
    on true
