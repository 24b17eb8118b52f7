with span_months as (
    select * from {{ ref('span_months') }}
),

-- Where a flat or carried span ends decides nothing inside it: a new day that only makes it
-- longer leaves the months before as they are.
spans as (
    select
        *,
        case when kind in ('step', 'launch') then to_day end as interpolated_to
    from {{ ref('counter_spans') }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

read_days as (
    select * from {{ ref('hub_read_days') }}
),

-- All that a month of dense days is made of: the pieces of spans, and which days were read.
pieces as (
    select
        span_months.month,
        {{ partition_hash([
            'span_months.model_key', 'span_months.kind', 'span_months.from_day',
            'span_months.to_day', 'span_months.downloads', 'span_months.adjustment',
            'span_months.counter_end', 'spans.from_day', 'spans.interpolated_to',
            'spans.counter_before', 'spans.counter_after', 'spans.source', 'spans.scope',
        ]) }} as fingerprint
    from span_months
    inner join models
        on span_months.model_key = models.model_key
    inner join spans
        on
            span_months.model_key = spans.model_key
            and span_months.from_day between spans.from_day and spans.to_day
    group by span_months.month
),

read_months as (
    select
        {{ month_start('day') }} as month,
        {{ partition_hash(['source', 'scope', 'day', 'is_complete']) }} as fingerprint
    from read_days
    group by {{ month_start('day') }}
),

final as (
    select
        pieces.month,
        pieces.fingerprint || '/' || coalesce(read_months.fingerprint, '') as fingerprint
    from pieces
    left join read_months
        on pieces.month = read_months.month
)

select * from final
