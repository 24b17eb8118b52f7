-- The dense days are those of tracked models, and are shown by name.
with models as (
    select
        model_key,
        {{ row_hash(['model_id']) }} as name_hash
    from {{ ref('models') }}
    where is_tracked
),

plain_months as (
    select * from {{ ref('plain_tracked_fingerprints') }}
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

weighed_months as (
    select
        month_fingerprints.month,
        {{ partition_hash([
            'cells.model_key', 'cells.pieces', 'cells.pieces_hash', 'models.name_hash',
        ]) }} || '/' || min(month_fingerprints.reads_fingerprint) as fingerprint
    from cells
    inner join models
        on cells.model_key = models.model_key
    inner join {{ ref('month_fingerprints') }} as month_fingerprints
        on cells.month = month_fingerprints.month
    group by month_fingerprints.month
),

final as (
    select
        coalesce(plain_months.month, weighed_months.month) as month,
        coalesce(plain_months.fingerprint, '') || '/' || coalesce(weighed_months.fingerprint, '')
            as fingerprint
    from plain_months
    full outer join weighed_months
        on plain_months.month = weighed_months.month
)

select * from final
