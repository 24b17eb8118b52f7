with identities as (
    select * from {{ ref('model_identities') }}
),

dates as (
    select * from {{ ref('model_dates') }}
),

parameters as (
    select * from {{ ref('model_parameters') }}
),

tracking as (
    select * from {{ ref('model_tracking') }}
),

families as (
    select * from {{ ref('model_families') }}
),

releases as (
    select * from {{ ref('model_releases') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

file_attributes as (
    select * from {{ ref('file_attributes') }}
),

latest_readings as (
    select * from {{ ref('latest_readings') }}
),

model_totals as (
    select * from {{ ref('model_totals') }}
),

organizations as (
    select * from {{ ref('organizations') }}
),

final as (
    select
        identities.model_key,
        identities.model_id,
        identities.hub_oid is not null as has_hub_oid,
        identities.org,
        coalesce(organizations.region, 'unknown') as region,
        families.family,
        releases.release_id,
        dates.created_at,
        dates.created_on,
        dates.released_on,
        dates.release_basis,
        dates.day_zero,
        dates.no_day_zero_reason,
        parameters.parameters_total,
        parameters.parameters_active,
        coalesce(parameters.parameters_basis, 'unknown') as parameters_basis,
        coalesce(parameters.size_bucket, 'unknown') as size_bucket,
        coalesce(parameters.active_size_bucket, 'unknown') as active_size_bucket,
        coalesce(metadata.pipeline_tag, file_attributes.pipeline_tag) as pipeline_tag,
        metadata.library_name,
        tracking.tracking_rule,
        -- A name that nobody read (a parent, say) is a node of the lineage, not a tracked model.
        coalesce(tracking.is_tracked, false) and latest_readings.model_key is not null
            as is_tracked,
        latest_readings.model_key is not null as has_readings,
        latest_readings.is_available,
        latest_readings.first_reading_on,
        latest_readings.last_reading_on,
        latest_readings.downloads_30d,
        latest_readings.likes,
        model_totals.downloads_all_time,
        model_totals.downloads_before_history
    from identities
    left join dates
        on identities.model_key = dates.model_key
    left join parameters
        on identities.model_key = parameters.model_key
    left join tracking
        on identities.model_key = tracking.model_key
    left join families
        on identities.model_key = families.model_key
    left join releases
        on identities.model_key = releases.model_key
    left join metadata
        on identities.model_key = metadata.model_key
    left join file_attributes
        on identities.model_key = file_attributes.model_key
    left join latest_readings
        on identities.model_key = latest_readings.model_key
    left join model_totals
        on identities.model_key = model_totals.model_key
    left join organizations
        on identities.org = organizations.org
)

select * from final
