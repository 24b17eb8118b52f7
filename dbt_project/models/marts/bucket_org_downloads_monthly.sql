with grouped as (
    select
        month,
        population,
        size_bucket,
        org,
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(cumulative_downloads) as bigint) as cumulative_downloads
    from {{ ref('member_months') }}
    group by month, population, size_bucket, org
)

select
    month,
    population,
    size_bucket,
    org,
    downloads,
    downloads / nullif(cast(
        sum(downloads) over (partition by month, population, size_bucket) as double
    ), 0) as share_of_bucket,
    case
        when downloads is not null
            then cast(row_number() over (
                partition by month, population, size_bucket order by downloads desc nulls last, org
            ) as bigint)
    end as rank,
    cumulative_downloads,
    cumulative_downloads / nullif(cast(
        sum(cumulative_downloads) over (partition by month, population, size_bucket) as double
    ), 0) as cumulative_share_of_bucket
from grouped
