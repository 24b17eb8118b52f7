-- bucket_org_downloads_monthly holds the same downloads as bucket_downloads_monthly.
{{ config(meta={'dagster': {'ref': {'name': 'bucket_org_downloads_monthly'}}}) }}

with organisations as (
    select
        month,
        population,
        size_bucket,
        sum(downloads) as downloads,
        sum(cumulative_downloads) as cumulative_downloads
    from {{ ref('bucket_org_downloads_monthly') }}
    group by month, population, size_bucket
)

select
    buckets.month,
    buckets.population,
    buckets.size_bucket
from {{ ref('bucket_downloads_monthly') }} as buckets
left join organisations
    on
        buckets.month = organisations.month
        and buckets.population = organisations.population
        and buckets.size_bucket = organisations.size_bucket
where
    buckets.downloads is distinct from organisations.downloads
    or buckets.cumulative_downloads is distinct from organisations.cumulative_downloads
