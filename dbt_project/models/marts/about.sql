with loads as (
    select * from {{ ref('stg_loads') }}
    where status = 'loaded'
),

as_of as (
    select * from {{ ref('as_of') }}
),

listed_models as (
    select * from {{ ref('listed_models') }}
),

models as (
    select * from {{ ref('models') }}
),

-- How much of the ATOM project's list has a cumulative counter here.
listed as (
    select
        count(*) as listed_models,
        count(models.downloads_all_time) as listed_models_covered
    from listed_models
    left join models
        on listed_models.model_key = models.model_key
),

-- What cumulative figures of tracked models are of, and how much they leave out.
tracked as (
    select
        count(*) as tracked_models,
        count(downloads_all_time) as tracked_models_counted,
        cast(sum(case when downloads_all_time is null then downloads_30d end) as double)
        / nullif(sum(downloads_30d), 0) as uncounted_downloads_share
    from models
    where is_tracked and has_readings
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
    listed.listed_models_covered,
    tracked.tracked_models,
    tracked.tracked_models_counted,
    coalesce(tracked.uncounted_downloads_share, 0) as uncounted_downloads_share
from loaded
cross join listed
cross join tracked
left join as_of
    on true
