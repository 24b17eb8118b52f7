select
    source,
    scope,
    day,
    is_complete,
    days_early,
    models_read,
    partition,
    load_id
from {{ source('raw', 'read_days') }}
