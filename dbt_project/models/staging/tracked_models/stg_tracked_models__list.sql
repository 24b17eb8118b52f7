select
    list_name,
    org,
    model as name,
    model_id,
    load_id
from {{ source('raw', 'tracked_models_list') }}
