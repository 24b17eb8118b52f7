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
        {{ row_hash(['model_id']) }} as name_hash
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

named as (
    select
        pieces.month,
        {{ row_hash([
            'pieces.model_key', 'pieces.kind', 'pieces.from_day', 'pieces.piece_to',
            'pieces.interpolated_to', 'pieces.counter_before', 'pieces.counter_after',
            'pieces.source', 'pieces.scope',
        ]) }} as piece_hash,
        models.name_hash
    from pieces
    left join models
        on pieces.model_key = models.model_key
),

-- The dense days are those of tracked models, and are shown by name.
hashed as (
    select
        month,
        piece_hash,
        case when name_hash is not null then {{ row_hash(['piece_hash', 'name_hash']) }} end
            as tracked_hash
    from named
),

span_months as (
    select
        month,
        {{ partition_hash(['piece_hash']) }} as fingerprint,
        count(tracked_hash) as tracked_pieces,
        count(tracked_hash) || ':' || cast(sum(tracked_hash) as varchar) as tracked_fingerprint
    from hashed
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
        case
            when span_months.tracked_pieces > 0
                then span_months.tracked_fingerprint
                    || '/' || coalesce(read_months.fingerprint, '')
        end as tracked_fingerprint
    from span_months
    left join read_months
        on span_months.month = read_months.month
)

select * from final
