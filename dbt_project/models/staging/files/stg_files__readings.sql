select
    name_key,
    day,
    downloads_30d,
    downloads_all_time,
    likes,
    parameters_total,
    pipeline_tag,
    license,
    created_on,
    days_early,
    partition,
    load_id
from {{ source('raw', 'files_readings') }}
