select
    name_key,
    hub_oid,
    model_id
from {{ source('raw', 'model_names') }}
