with steps as (
    select * from {{ ref('stg_build_steps') }}
)

select
    build_id,
    step,
    sum(seconds) as seconds,
    sum(cpu_seconds) as cpu_seconds,
    max(peak_mb) as peak_mb,
    cast(sum(rows_in) as bigint) as rows_in,
    cast(sum(rows_out) as bigint) as rows_out,
    cast(sum(bytes_written) as bigint) as bytes_written
from steps
group by build_id, step
