select
    model_id,
    hf_created_at as created_on,
    actual_release_date as released_on,
    notes,
    load_id
from {{ source('raw', 'tracked_models_release_dates') }}
