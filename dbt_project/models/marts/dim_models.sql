{{ config(materialized=mart_view()) }}

with models as (
    select * from {{ ref('models') }}
    where has_readings
)

select
    model_id,
    hub_oid as hub_id,
    org,
    region,
    family,
    release_id,
    created_at,
    released_on,
    release_basis,
    day_zero,
    no_day_zero_reason,
    parameters_total,
    parameters_active,
    parameters_basis,
    size_bucket,
    active_size_bucket,
    pipeline_tag,
    library_name,
    license,
    is_tracked,
    tracking_rule,
    downloads_all_time,
    downloads_30d,
    downloads_before_history,
    likes,
    first_reading_on,
    last_reading_on,
    is_available
from models
