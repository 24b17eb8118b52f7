{{ config(materialized='view') }}

with tracked_months as (
    select * from {{ ref('tracked_months') }}
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
months as (
    select
        tracked_months.model_key,
        tracked_months.month,
        hub_growth.hub_level,
        coalesce(tracked_months.downloads, 0) + tracked_months.adjustment as change,
        tracked_months.cumulative_downloads
        - coalesce(tracked_months.downloads, 0) - tracked_months.adjustment as counter_before
    from tracked_months
    left join last_months
        on tracked_months.model_key = last_months.model_key
    left join hub_growth
        on
            tracked_months.model_key = hub_growth.model_key
            and least(tracked_months.month, last_months.month) = hub_growth.month
),

deflated as (
    select
        *,
        -- A decimal: its sum is the same in any order.
        coalesce(cast(change / hub_level as decimal(38, 6)), 0) as deflated_change,
        case when hub_level is null then 1 else 0 end as is_unknown
    from months
),

final as (
    select
        model_key,
        month,
        hub_level,
        counter_before,
        sum(deflated_change) over (partition by model_key order by month) - deflated_change
            as deflated_before,
        cast(
            sum(is_unknown) over (partition by model_key order by month) - is_unknown as bigint
        ) as months_unknown_before
    from deflated
)

select * from final
