with model_days as (
    select * from {{ ref('model_days') }}
),

hub_growth as (
    select * from {{ ref('hub_growth') }}
),

last_months as (
    select
        model_key,
        max(month) as month
    from hub_growth
    group by model_key
),

-- The month that has not ended has the level of the last one that has.
days as (
    select
        model_days.model_key,
        model_days.day,
        -- A decimal: its sum is the same in any order.
        cast(
            (model_days.downloads + model_days.adjustment) / hub_growth.hub_level
            as decimal(38, 6)
        ) as deflated_downloads
    from model_days
    left join last_months
        on model_days.model_key = last_months.model_key
    left join hub_growth
        on
            model_days.model_key = hub_growth.model_key
            and least(model_days.month, last_months.month) = hub_growth.month
),

final as (
    select
        model_key,
        day,
        sum(coalesce(deflated_downloads, 0)) over (partition by model_key order by day)
            as deflated_to_date,
        cast(sum(case when deflated_downloads is null then 1 else 0 end) over (
            partition by model_key order by day
        ) as bigint) as days_unknown_to_date
    from days
)

select * from final
