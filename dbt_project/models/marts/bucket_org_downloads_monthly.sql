{{ config(materialized=mart_view()) }}

-- Nearly every organisation has one region and no family: it is summed already.
with summed as (
    select
        member_months.month,
        members.bucket_key,
        members.bucket_org_key,
        member_months.downloads,
        member_months.cumulative_downloads
    from {{ ref('member_months') }} as member_months
    inner join {{ ref('members') }} as members
        on member_months.member_key = members.member_key
    where members.is_whole_bucket_org

    union all

    select
        member_months.month,
        members.bucket_key,
        members.bucket_org_key,
        cast(sum(member_months.downloads) as bigint) as downloads,
        cast(sum(member_months.cumulative_downloads) as bigint) as cumulative_downloads
    from {{ ref('member_months') }} as member_months
    inner join {{ ref('members') }} as members
        on member_months.member_key = members.member_key
    where not members.is_whole_bucket_org
    group by member_months.month, members.bucket_key, members.bucket_org_key
),

buckets as (
    select
        member_months.month,
        members.bucket_key,
        cast(nullif(sum(member_months.downloads), 0) as double) as downloads,
        cast(nullif(sum(member_months.cumulative_downloads), 0) as double) as cumulative_downloads
    from {{ ref('member_months') }} as member_months
    inner join {{ ref('members') }} as members
        on member_months.member_key = members.member_key
    group by member_months.month, members.bucket_key
),

-- Numbers are in the order of the organisations' names, so ties break on these.
ranked as (
    select
        *,
        case
            when downloads is not null
                then cast(row_number() over (
                    partition by month, bucket_key
                    order by downloads desc nulls last, bucket_org_key
                ) as bigint)
        end as rank
    from summed
)

select
    ranked.month,
    members.population,
    members.size_bucket,
    members.org,
    ranked.downloads,
    ranked.downloads / buckets.downloads as share_of_bucket,
    ranked.rank,
    ranked.cumulative_downloads,
    ranked.cumulative_downloads / buckets.cumulative_downloads as cumulative_share_of_bucket
from ranked
inner join buckets
    on ranked.month = buckets.month and ranked.bucket_key = buckets.bucket_key
inner join {{ ref('members') }} as members
    on ranked.bucket_org_key = members.member_key
