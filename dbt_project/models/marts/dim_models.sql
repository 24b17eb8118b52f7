{{ config(materialized=mart_view()) }}

with models as (
    select * from {{ ref('models') }}
    where has_readings
)

select
    models.model_id,
    identities.hub_oid as hub_id,
    models.org,
    models.region,
    models.family,
    models.release_id,
    models.created_at,
    models.released_on,
    models.release_basis,
    models.day_zero,
    models.no_day_zero_reason,
    models.parameters_total,
    models.parameters_active,
    models.parameters_basis,
    models.size_bucket,
    models.active_size_bucket,
    models.pipeline_tag,
    models.library_name,
    licenses.license,
    models.is_tracked,
    models.tracking_rule,
    models.downloads_all_time,
    models.downloads_30d,
    models.downloads_before_history,
    models.likes,
    models.first_reading_on,
    models.last_reading_on,
    models.is_available
from models
inner join {{ ref('model_identities') }} as identities
    on models.model_key = identities.model_key
inner join {{ ref('model_licenses') }} as licenses
    on models.model_key = licenses.model_key
