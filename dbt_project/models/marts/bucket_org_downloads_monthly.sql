{{ config(materialized=mart_view()) }}

with changes as (
    select
        month,
        bucket_org_key,
        {{ summed_changes() }}
    from {{ ref('member_changes') }}
    group by month, bucket_org_key
),

every_month as (
    {{ running_months('changes', 'bucket_org_key') }}
),

summed as (
    select
        every_month.month,
        every_month.bucket_org_key,
        members.bucket_key,
        every_month.downloads,
        every_month.cumulative_downloads
    from every_month
    inner join {{ ref('members') }} as members
        on every_month.bucket_org_key = members.member_key
),

buckets as (
    select
        month,
        bucket_key,
        cast(nullif(sum(downloads), 0) as double) as downloads,
        cast(nullif(sum(cumulative_downloads), 0) as double) as cumulative_downloads
    from summed
    group by month, bucket_key
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
