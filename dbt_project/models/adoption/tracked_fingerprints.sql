-- The dense days are those of tracked models, and are shown by name.
with models as (
    select * from {{ ref('models') }}
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
            'cells.model_key', 'cells.pieces', 'cells.pieces_hash', 'models.model_id',
        ]) }} || '/' || min(month_fingerprints.reads_fingerprint) as fingerprint,
        {{ partition_hash([
            'models.model_key', 'models.region', 'models.org', 'models.family',
        ]) }} as groups_fingerprint
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
        {{ row_hash(['plain_months.fingerprint', 'weighed_months.fingerprint']) }} as fingerprint,
        {{ row_hash([
            'plain_months.fingerprint', 'weighed_months.fingerprint',
            'plain_months.groups_fingerprint', 'weighed_months.groups_fingerprint',
        ]) }} as groups_fingerprint
    from plain_months
    full outer join weighed_months
        on plain_months.month = weighed_months.month
)

select * from final
