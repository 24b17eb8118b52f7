with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

tracked_months as (
    select
        plain_months.month,
        {{ partition_hash(['models.model_key', 'models.model_id']) }} as fingerprint,
        {{ partition_hash([
            'models.model_key', 'models.region', 'models.org', 'models.family',
        ]) }} as groups_fingerprint
    from {{ ref('plain_months') }} as plain_months
    inner join models
        on plain_months.model_key = models.model_key
    group by plain_months.month
),

final as (
    select
        plain_fingerprints.month,
        {{ row_hash(['plain_fingerprints.fingerprint', 'tracked_months.fingerprint']) }}
            as fingerprint,
        tracked_months.groups_fingerprint
    from {{ ref('plain_fingerprints') }} as plain_fingerprints
    inner join tracked_months
        on plain_fingerprints.month = tracked_months.month
)

select * from final
