with observation_months as (
    select * from {{ ref('observation_months') }}
),

final as (
    select
        month,
        {{ partition_hash(['model_key', 'context_from', 'context_to', 'context_hash']) }}
            as fingerprint
    from observation_months
    group by month
)

select * from final
