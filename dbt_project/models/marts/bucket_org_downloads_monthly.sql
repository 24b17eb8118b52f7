with members as (
    select * from {{ ref('members') }}
    where member_key = bucket_org_key
),

summed as (
    select
        member_months.month,
        every_member.bucket_org_key,
        cast(sum(member_months.downloads) as bigint) as downloads,
        cast(sum(member_months.cumulative_downloads) as bigint) as cumulative_downloads
    from {{ ref('member_months') }} as member_months
    inner join {{ ref('members') }} as every_member
        on member_months.member_key = every_member.member_key
    group by member_months.month, every_member.bucket_org_key
),

named as (
    select
        summed.month,
        members.population,
        members.size_bucket,
        members.org,
        members.org_order,
        summed.downloads,
        summed.cumulative_downloads
    from summed
    inner join members
        on summed.bucket_org_key = members.bucket_org_key
),

buckets as (
    select
        month,
        population,
        size_bucket,
        cast(nullif(sum(downloads), 0) as double) as downloads,
        cast(nullif(sum(cumulative_downloads), 0) as double) as cumulative_downloads
    from named
    group by month, population, size_bucket
)

select
    named.month,
    named.population,
    named.size_bucket,
    named.org,
    named.downloads,
    named.downloads / buckets.downloads as share_of_bucket,
    case
        when named.downloads is not null
            then cast(row_number() over (
                partition by named.month, named.population, named.size_bucket
                order by named.downloads desc nulls last, named.org_order
            ) as bigint)
    end as rank,
    named.cumulative_downloads,
    named.cumulative_downloads / buckets.cumulative_downloads as cumulative_share_of_bucket
from named
inner join buckets
    on
        named.month = buckets.month
        and named.population = buckets.population
        and named.size_bucket = buckets.size_bucket
