with tracked_months as (
    select * from {{ ref('tracked_months') }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

flagged as (
    select distinct
        model_id,
        month
    from {{ ref('download_flags') }}
),

grouped as (
    select
        tracked_months.month,
        'tracked' as population,
        models.region,
        cast(sum(tracked_months.downloads) as bigint) as downloads,
        cast(sum(case when flagged.model_id is null then tracked_months.downloads end) as bigint)
            as downloads_unflagged,
        count(*) as models,
        count(flagged.model_id) as models_flagged
    from tracked_months
    inner join models
        on tracked_months.model_key = models.model_key
    left join flagged
        on models.model_id = flagged.model_id and tracked_months.month = flagged.month
    group by tracked_months.month, models.region
)

select
    month,
    population,
    region,
    downloads,
    -- Where all is flagged nothing is left; where nothing is known nothing is.
    case when downloads is not null then coalesce(downloads_unflagged, 0) end
        as downloads_unflagged,
    downloads / nullif(cast(sum(downloads) over (partition by month) as double), 0) as share,
    case when downloads is not null then coalesce(downloads_unflagged, 0) end
    / nullif(cast(sum(downloads_unflagged) over (partition by month) as double), 0)
        as share_unflagged,
    models,
    models_flagged
from grouped
