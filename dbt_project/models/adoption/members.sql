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

slices as (
    select
        population,
        region,
        family,
        size_bucket,
        min(member_key) as slice_key
    from numbered
    group by population, region, family, size_bucket
),

buckets as (
    select
        population,
        size_bucket,
        min(slice_key) as bucket_key
    from slices
    group by population, size_bucket
),

final as (
    select
        numbered.member_key,
        numbered.population,
        numbered.org,
        numbered.region,
        numbered.family,
        numbered.size_bucket,
        min(numbered.member_key) over (partition by numbered.org_order, numbered.size_bucket)
            as bucket_org_key,
        min(numbered.member_key) over (partition by numbered.org_order) as org_key,
        buckets.bucket_key,
        slices.slice_key
    from numbered
    inner join slices
        on
            numbered.population = slices.population
            and numbered.region = slices.region
            and numbered.family = slices.family
            and numbered.size_bucket = slices.size_bucket
    inner join buckets
        on numbered.population = buckets.population and numbered.size_bucket = buckets.size_bucket
)

select * from final
