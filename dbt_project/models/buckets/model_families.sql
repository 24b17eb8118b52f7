with models as (
    select * from {{ ref('model_identities') }}
),

families as (
    select * from {{ ref('families') }}
),

matches as (
    select
        models.model_key,
        families.family,
        row_number() over (
            partition by models.model_key
            order by families.priority
        ) as preference
    from models
    inner join families
        on
            models.org = families.org
            and {{ regexp_like('models.name', 'families.pattern') }}
),

final as (
    select
        model_key,
        family
    from matches
    where preference = 1
)

select * from final
