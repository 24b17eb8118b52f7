with populations as (
    select
        population,
        org,
        region,
        coalesce(family, 'none') as family,
        size_bucket
    from {{ ref('model_populations') }}
    group by population, org, region, coalesce(family, 'none'), size_bucket
),

orgs as (
    select
        population,
        org,
        row_number() over (order by population, org) as org_order
    from (
        select distinct
            population,
            org
        from populations
    ) as every_org
),

-- Numbers in the place of names: comparing names for each model and month costs several times as
-- much.
numbered as (
    select
        populations.*,
        orgs.org_order,
        row_number() over (
            order by
                orgs.org_order, populations.size_bucket, populations.family, populations.region
        ) as member_key
    from populations
    inner join orgs
        on populations.population = orgs.population and populations.org = orgs.org
),

final as (
    select
        member_key,
        population,
        org,
        region,
        family,
        size_bucket,
        min(member_key) over (partition by org_order, size_bucket) as bucket_org_key,
        min(member_key) over (partition by org_order) as org_key,
        min(member_key) over (partition by population, size_bucket) as bucket_key,
        min(member_key) over (partition by population, region, family, size_bucket) as slice_key
    from numbered
)

select * from final
