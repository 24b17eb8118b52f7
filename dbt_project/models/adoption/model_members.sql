with members as (
    select * from {{ ref('members') }}
),

final as (
    select
        populations.model_key,
        members.member_key,
        members.bucket_org_key,
        members.org_key,
        members.slice_key
    from {{ ref('model_populations') }} as populations
    inner join members
        on
            populations.population = members.population
            and populations.org = members.org
            and populations.region = members.region
            and coalesce(populations.family, 'none') = members.family
            and populations.size_bucket = members.size_bucket
)

select * from final
