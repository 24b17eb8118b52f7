with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

horizons as (
    select * from {{ ref('horizons') }}
),

final as (
    select
        models.model_key,
        models.model_id,
        models.size_bucket,
        models.downloads_all_time,
        models.day_zero,
        models.day_zero = models.created_on as is_day_zero_creation,
        horizons.horizon_days,
        {{ add_days('models.day_zero', 'horizons.horizon_days') }} as horizon_day,
        {{ add_days('models.day_zero', -1) }} as eve
    from models
    cross join horizons
    where models.day_zero is not null
)

select * from final
