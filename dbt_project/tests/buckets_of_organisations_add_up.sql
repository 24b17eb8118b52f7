-- bucket_org_downloads_monthly holds the same downloads as bucket_downloads_monthly, and the
-- shares in a bucket sum to 1.
{{ config(meta={'dagster': {'ref': {'name': 'bucket_org_downloads_monthly'}}}) }}

with organisations as (
    select
        month,
        population,
        size_bucket,
        sum(downloads) as downloads,
        sum(cumulative_downloads) as cumulative_downloads,
        coalesce(sum(share_of_bucket), 1) as share,
        coalesce(sum(cumulative_share_of_bucket), 1) as cumulative_share
    from {{ ref('bucket_org_downloads_monthly') }}
    group by month, population, size_bucket
)

select
    coalesce(buckets.month, organisations.month) as month,
    coalesce(buckets.population, organisations.population) as population,
    coalesce(buckets.size_bucket, organisations.size_bucket) as size_bucket
from {{ ref('bucket_downloads_monthly') }} as buckets
full outer join organisations
    on
        buckets.month = organisations.month
        and buckets.population = organisations.population
        and buckets.size_bucket = organisations.size_bucket
where
    buckets.month is null
    or organisations.month is null
    or buckets.downloads is distinct from organisations.downloads
    or buckets.cumulative_downloads is distinct from organisations.cumulative_downloads
    or abs(organisations.share - 1) > 1e-9
    or abs(organisations.cumulative_share - 1) > 1e-9
