select
    build_id,
    step,
    seconds,
    cpu_seconds,
    peak_mb,
    rows_in,
    rows_out
from {{ source('raw', 'build_steps') }}
