with model_months as (
    select * from {{ ref('model_months') }}
),

populations as (
    select * from {{ ref('model_populations') }}
),

grouped as (
    select
        model_months.month,
        populations.population,
        populations.size_bucket,
        populations.org,
        cast(sum(model_months.downloads) as bigint) as downloads,
        cast(sum(model_months.cumulative_downloads) as bigint) as cumulative_downloads
    from model_months
    inner join populations
        on model_months.model_key = populations.model_key
    group by
        model_months.month, populations.population, populations.size_bucket, populations.org
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
