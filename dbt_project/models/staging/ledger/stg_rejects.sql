select
    load_id,
    source,
    partition,
    page,
    row_number,
    reason,
    payload,
    rejected_at
from {{ source('raw', 'rejects') }}
