select
    hf_org as org,
    region,
    notes,
    load_id
from {{ source('raw', 'tracked_models_regions') }}
