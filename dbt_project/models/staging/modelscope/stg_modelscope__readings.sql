select
    modelscope_id,
    day,
    scope,
    presence,
    downloads_all_time,
    likes,
    created_at,
    license,
    load_id
from {{ source('raw', 'modelscope_readings') }}
