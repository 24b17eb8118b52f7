with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

firsts as (
    select
        models.model_key,
        models.model_id,
        models.region,
        models.org,
        models.family,
        min(plain_months.month) as first_month
    from {{ ref('plain_months') }} as plain_months
    inner join models
        on plain_months.model_key = models.model_key
    group by models.model_key, models.model_id, models.region, models.org, models.family
),

present as (
    select
        plain_fingerprints.month,
        plain_fingerprints.fingerprint,
        {{ partition_hash(['firsts.model_key', 'firsts.model_id']) }} as models_fingerprint,
        {{ partition_hash([
            'firsts.model_key', 'firsts.region', 'firsts.org', 'firsts.family',
        ]) }} as groups_fingerprint
    from {{ ref('plain_fingerprints') }} as plain_fingerprints
    inner join firsts
        on plain_fingerprints.month >= firsts.first_month
    group by plain_fingerprints.month, plain_fingerprints.fingerprint
),

final as (
    select
        month,
        {{ row_hash(['fingerprint', 'models_fingerprint']) }} as fingerprint,
        groups_fingerprint
    from present
)

select * from final
