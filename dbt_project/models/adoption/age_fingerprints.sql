with fingerprints as (
    select * from {{ ref('plain_fingerprints') }}
),

ages as (
    select
        model_key,
        {{ add_days('created_on', var('derivative_age_days')) }} as aged_on
    from {{ ref('model_dates') }}
    where created_on is not null
),

age_months as (
    select
        {{ month_start('aged_on') }} as month,
        {{ partition_hash(['model_key', 'aged_on']) }} as fingerprint
    from ages
    group by {{ month_start('aged_on') }}
),

final as (
    select
        fingerprints.month,
        {{ row_hash(['fingerprints.fingerprint', 'age_months.fingerprint']) }} as fingerprint
    from fingerprints
    inner join age_months
        on fingerprints.month = age_months.month
)

select * from final
