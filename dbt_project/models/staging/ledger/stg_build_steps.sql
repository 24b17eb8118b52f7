select
    build_id,
    step,
    seconds,
    cpu_seconds,
    peak_mb,
    rows_in,
    rows_out,
    bytes_written
from {{ source('raw', 'build_steps') }}
