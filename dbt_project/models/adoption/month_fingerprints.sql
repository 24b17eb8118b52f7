with models as (
    select
        model_key,
        {{ row_hash(['model_id']) }} as name_hash
    from {{ ref('models') }}
    where is_tracked
),

read_days as (
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

-- The dense days are those of tracked models, and are shown by name.
tracked_months as (
    select
        cells.month,
        {{ partition_hash([
            'cells.model_key', 'cells.pieces', 'cells.pieces_hash', 'models.name_hash',
        ]) }} as fingerprint
    from cells
    inner join models
        on cells.model_key = models.model_key
    group by cells.month
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
        tracked_months.fingerprint || '/' || coalesce(read_months.fingerprint, '')
            as tracked_fingerprint
    from span_months
    left join tracked_months
        on span_months.month = tracked_months.month
    left join read_months
        on span_months.month = read_months.month
)

select * from final
