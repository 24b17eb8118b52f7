with standings as (
    select * from {{ ref('monthly_standings') }}
    where is_complete_month
),

totals as (
    select
        metric,
        population,
        leader_kind,
        month,
        cast(nullif(sum(value), 0) as double) as value
    from standings
    group by metric, population, leader_kind, month
),

-- `unknown` and models of no family are in the total and never lead. The first two say who leads,
-- and by how much.
placed as (
    select *
    from {{ first_places(
        ref('monthly_standings'),
        "is_complete_month and member not in ('unknown', 'none')",
        ['metric', 'population', 'leader_kind', 'month'], 'value', 'member', 2
    ) }} as first_two
),

shares as (
    select
        placed.*,
        cast(placed.value as double) / totals.value as share
    from placed
    inner join totals
        on
            placed.metric = totals.metric
            and placed.population = totals.population
            and placed.leader_kind = totals.leader_kind
            and placed.month = totals.month
),

ranked as (
    select
        *,
        share - coalesce(lead(share) over (
            partition by metric, population, leader_kind, month
            order by place
        ), 0) as lead_over_next
    from shares
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
        lead_over_next
    from ranked
    where place = 1
)

select * from final
