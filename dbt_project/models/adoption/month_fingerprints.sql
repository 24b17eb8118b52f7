with read_days as (
    select * from {{ ref('hub_read_days') }}
),

-- A span may lie in another partition tomorrow, and be the same in this month.
cells as (
    select
        month,
        model_key,
        sum(pieces) as pieces,
        sum(pieces_hash) as pieces_hash
    from {{ ref('span_cells') }}
    group by month, model_key
),

span_months as (
    select
        month,
        {{ partition_hash(['model_key', 'pieces', 'pieces_hash']) }} as fingerprint
    from cells
    group by month
),

-- A month's days and its eve: whether the first of the month is observed depends on it.
month_reads as (
    select
        {{ month_start('day') }} as month,
        source,
        scope,
        day,
        is_complete
    from read_days

    union

    select
        {{ month_start(add_days('day', 1)) }} as month,
        source,
        scope,
        day,
        is_complete
    from read_days
),

read_months as (
    select
        month,
        {{ partition_hash(['source', 'scope', 'day', 'is_complete']) }} as fingerprint
    from month_reads
    group by month
),

final as (
    select
        span_months.month,
        span_months.fingerprint || '/' || coalesce(read_months.fingerprint, '') as fingerprint,
        coalesce(read_months.fingerprint, '') as reads_fingerprint
    from span_months
    left join read_months
        on span_months.month = read_months.month
)

select * from final
