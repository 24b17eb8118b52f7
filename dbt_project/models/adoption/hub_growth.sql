{{ config(materialized='view') }}

with tracked_months as (
    select * from {{ ref('tracked_months') }}
),

complete_months as (
    select * from {{ ref('complete_months') }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

known as (
    select
        tracked_months.model_key,
        models.created_on,
        tracked_months.month,
        {{ month_start(add_days('tracked_months.month', -1)) }} as month_before,
        tracked_months.downloads,
        tracked_months.days_total
    from (
        select
            *,
            {{ days_between('month', month_end('month')) }} + 1 as days_total
        from tracked_months
    ) as tracked_months
    inner join models
        on tracked_months.model_key = models.model_key
    inner join complete_months
        on tracked_months.month = complete_months.month
    where
        complete_months.is_complete_month
        and tracked_months.days_observed + tracked_months.days_interpolated = tracked_months.days_total
),

panel as (
    select
        later.model_key,
        later.month,
        later.month_before,
        earlier.downloads as downloads_before,
        later.downloads as downloads_after,
        earlier.days_total as days_before,
        later.days_total as days_after
    from known as later
    inner join known as earlier
        on later.model_key = earlier.model_key and later.month_before = earlier.month
    where
        {{ days_between('later.created_on', 'later.month_before') }}
        > {{ var('deflator_min_age_days') }}
),

panel_months as (
    select
        month,
        month_before,
        days_before,
        days_after,
        count(*) as panel_models,
        sum(downloads_before) as downloads_before,
        sum(downloads_after) as downloads_after
    from panel
    group by month, month_before, days_before, days_after
),

-- The panel's growth into each month, without the model itself.
links as (
    select
        models.model_key,
        panel_months.month,
        panel_months.month_before,
        panel_months.days_before,
        panel_months.days_after,
        panel_months.panel_models - case when panel.model_key is null then 0 else 1 end
            as panel_models,
        panel_months.downloads_before - coalesce(panel.downloads_before, 0) as downloads_before,
        panel_months.downloads_after - coalesce(panel.downloads_after, 0) as downloads_after
    from models
    cross join panel_months
    left join panel
        on models.model_key = panel.model_key and panel_months.month = panel.month
),

known_links as (
    select
        model_key,
        month,
        month_before,
        panel_models,
        -- By the day: months are of different length. As a decimal, whose sum is the same in any
        -- order.
        cast(ln(
            (downloads_after / cast(days_after as double))
            / (downloads_before / cast(days_before as double))
        ) as decimal(24, 12)) as growth
    from links
    where
        panel_models >= {{ var('deflator_min_models') }}
        and downloads_before > 0
        and downloads_after > 0
),

last_month as (
    select max(month) as month
    from complete_months
    where is_complete_month
),

-- Back from the last complete month, as far as no link is missing.
chained as (
    select
        known_links.*,
        last_month.month as last_month,
        row_number() over (
            partition by known_links.model_key
            order by known_links.month desc
        ) - 1 as links_after,
        {{ months_between('known_links.month', 'last_month.month') }} as months_after,
        sum(known_links.growth) over (
            partition by known_links.model_key
            order by known_links.month desc
        ) as growth_since
    from known_links
    cross join last_month
),

final as (
    select
        model_key,
        month_before as month,
        round(exp(-cast(growth_since as double)), 9) as hub_level,
        panel_models
    from chained
    where links_after = months_after

    union all

    select
        model_key,
        month,
        cast(1 as double) as hub_level,
        panel_models
    from chained
    where month = last_month
)

select * from final
