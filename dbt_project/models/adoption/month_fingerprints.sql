-- Where a flat or carried span ends decides nothing inside it: a new day that only makes it
-- longer leaves the months before as they are.
with spans as (
    select
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after,
        source,
        scope,
        case when kind in ('step', 'launch') then to_day end as interpolated_to
    from {{ ref('counter_spans') }}
),

models as (
    select
        model_key,
        model_id
    from {{ ref('models') }}
    where is_tracked
),

read_days as (
    select * from {{ ref('hub_read_days') }}
),

months as (
    select distinct
        {{ month_start('day') }} as month,
        {{ month_end('day') }} as month_end
    from {{ ref('days') }}
),

pieces as (
    {{ span_pieces('spans', 'months') }}
),

hashed as (
    select
        pieces.month,
        models.model_key is not null as is_tracked,
        {{ row_hash([
            'pieces.model_key', 'pieces.kind', 'pieces.from_day', 'pieces.piece_to',
            'pieces.interpolated_to', 'pieces.counter_before', 'pieces.counter_after',
            'pieces.source', 'pieces.scope', 'models.model_id',
        ]) }} as piece_hash
    from pieces
    left join models
        on pieces.model_key = models.model_key
),

span_months as (
    select
        month,
        {{ partition_hash(['piece_hash']) }} as fingerprint
    from hashed
    group by month
),

tracked_months as (
    select
        month,
        {{ partition_hash(['piece_hash']) }} as fingerprint
    from hashed
    where is_tracked
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
        tracked_months.fingerprint || '/' || coalesce(read_months.fingerprint, '')
            as tracked_fingerprint
    from span_months
    left join tracked_months
        on span_months.month = tracked_months.month
    left join read_months
        on span_months.month = read_months.month
)

select * from final
