select
    name_key,
    day,
    scope,
    presence,
    downloads_30d,
    downloads_all_time,
    downloads_all_time_before,
    likes,
    days_early,
    load_id
from {{ source('raw', 'hub_api_readings') }}
