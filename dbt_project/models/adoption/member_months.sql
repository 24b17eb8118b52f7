-- Models of one organisation, family and bucket are summed once, by number: every group is a sum of
-- these, and comparing their names for each model and month costs several times as much.
with members as (
    select
        *,
        {{ row_hash(['population', 'org', 'region', 'family', 'size_bucket']) }} as member_hash
    from {{ ref('model_populations') }}
),

names as (
    select
        population,
        org,
        region,
        family,
        size_bucket,
        member_hash,
        row_number() over (order by member_hash) as member_key
    from (
        select distinct
            population,
            org,
            region,
            family,
            size_bucket,
            member_hash
        from members
    ) as every_member
),

keyed as (
    select
        members.model_key,
        names.member_key
    from members
    inner join names
        on
            members.member_hash = names.member_hash
            and members.population = names.population
            and members.org = names.org
),

summed as (
    select
        model_months.month,
        keyed.member_key,
        cast(sum(model_months.downloads) as bigint) as downloads,
        cast(sum(model_months.adjustment) as bigint) as adjustment,
        cast(sum(model_months.cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(model_months.downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(model_months.downloads_before_history) as bigint) as newly_covered,
        count(*) as models,
        count(case when model_months.is_carried then 1 end) as models_carried
    from {{ ref('model_months') }} as model_months
    inner join keyed
        on model_months.model_key = keyed.model_key
    group by model_months.month, keyed.member_key
),

final as (
    select
        summed.month,
        names.population,
        names.org,
        names.region,
        coalesce(names.family, 'none') as family,
        names.size_bucket,
        summed.downloads,
        summed.adjustment,
        summed.cumulative_downloads,
        summed.downloads_interpolated,
        summed.newly_covered,
        summed.models,
        summed.models_carried
    from summed
    inner join names
        on summed.member_key = names.member_key
)

select * from final
