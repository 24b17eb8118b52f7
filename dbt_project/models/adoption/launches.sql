with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

releases as (
    select * from {{ ref('tracked_releases') }}
),

horizons as (
    select * from {{ ref('horizons') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

present_ages as (
    select distinct
        models.size_bucket,
        cast({{ days_between('models.day_zero', 'as_of.as_of') }} as integer) as age_days
    from models
    cross join as_of
    where
        {{ days_between('models.day_zero', 'as_of.as_of') }}
        between 0 and {{ var('present_age_max_days') }}
),

wanted as (
    select
        'model' as league,
        models.model_key,
        models.day_zero,
        horizons.horizon_days
    from models
    cross join horizons
    where models.day_zero is not null

    union all

    -- At each age that a model has today, all models of its bucket. Those of unknown size are
    -- compared with nobody.
    select
        'now' as league,
        models.model_key,
        models.day_zero,
        present_ages.age_days as horizon_days
    from models
    inner join present_ages
        on models.size_bucket = present_ages.size_bucket
    cross join as_of
    where
        {{ add_days('models.day_zero', 'present_ages.age_days') }} = as_of.as_of
        or (
            {{ add_days('models.day_zero', 'present_ages.age_days') }} < as_of.as_of
            and models.size_bucket != 'unknown'
        )

    union all

    -- The repositories of a release that exist at the horizon, from the release's day 0 on.
    select
        'release' as league,
        models.model_key,
        releases.day_zero,
        horizons.horizon_days
    from models
    inner join releases
        on models.release_id = releases.release_id
    cross join horizons
    where models.created_on <= {{ add_days('releases.day_zero', 'horizons.horizon_days') }}
),

final as (
    select
        wanted.league,
        wanted.model_key,
        models.model_id,
        models.size_bucket,
        models.active_size_bucket,
        models.release_id,
        models.downloads_all_time,
        wanted.day_zero,
        models.created_on >= wanted.day_zero as is_created_since_day_zero,
        wanted.horizon_days,
        {{ add_days('wanted.day_zero', 'wanted.horizon_days') }} as horizon_day,
        {{ add_days('wanted.day_zero', -1) }} as eve
    from wanted
    inner join models
        on wanted.model_key = models.model_key
)

select * from final
