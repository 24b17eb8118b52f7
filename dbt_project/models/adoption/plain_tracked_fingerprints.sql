with models as (
    select
        model_key,
        {{ row_hash(['model_id']) }} as name_hash
    from {{ ref('models') }}
    where is_tracked
),

tracked_months as (
    select
        plain_months.month,
        {{ partition_hash(['models.model_key', 'models.name_hash']) }} as fingerprint
    from {{ ref('plain_months') }} as plain_months
    inner join models
        on plain_months.model_key = models.model_key
    group by plain_months.month
),

final as (
    select
        plain_fingerprints.month,
        plain_fingerprints.fingerprint || '/' || tracked_months.fingerprint as fingerprint
    from {{ ref('plain_fingerprints') }} as plain_fingerprints
    inner join tracked_months
        on plain_fingerprints.month = tracked_months.month
)

select * from final
