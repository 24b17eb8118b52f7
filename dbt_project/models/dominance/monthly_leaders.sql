{{ config(materialized='view') }}

with places as (
    select * from {{ ref('monthly_standings') }}
    where is_complete_month and place <= 2
),

-- The first two say who leads, and by how much.
ranked as (
    select
        *,
        share - coalesce(lead(share) over (
            partition by metric, population, leader_kind, month
            order by place
        ), 0) as lead_over_next
    from places
),

final as (
    select
        metric,
        population,
        leader_kind,
        month,
        case
            when lead_over_next > {{ var('phase_min_lead') }} then member
        end as leader,
        share as leader_share,
        -- Rounded: what is left of a decimal's way through doubles is no figure.
        round(cast(value as double) / nullif(share, 0), 3) as month_total
    from ranked
    where place = 1
)

select * from final
