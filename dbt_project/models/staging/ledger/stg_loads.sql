select
    load_id,
    source,
    partition,
    status,
    rows_read,
    rows_stored,
    rows_unchanged,
    rows_rejected,
    rows_absent,
    sha256,
    is_synthetic,
    as_of,
    days_early,
    error,
    started_at,
    finished_at
from {{ source('raw', 'loads') }}
