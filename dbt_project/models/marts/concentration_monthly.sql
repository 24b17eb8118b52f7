-- `unknown` and models of no family are in the total, and no single member. Shares are added as whole
-- numbers, of 1e-18: a sum of doubles would hang on the order of the members.
with summed as (
    select
        month,
        population,
        metric,
        leader_kind,
        sum(
            case when member not in ('unknown', 'none') then cast(round(share * share * 1e18) as bigint) end
        ) as hhi,
        sum(
            case when member in ('unknown', 'none') then cast(round(share * 1e18) as bigint) end
        ) as unattributed_share,
        bool_and(is_complete_month) as is_complete_month
    from {{ ref('standing_values') }}
    where share is not null
    group by month, population, metric, leader_kind
),

top as (
    select
        month,
        population,
        metric,
        leader_kind,
        sum(case when place = 1 then cast(round(share * 1e18) as bigint) end) as top1_share,
        sum(case when place <= 3 then cast(round(share * 1e18) as bigint) end) as top3_share,
        sum(cast(round(share * 1e18) as bigint)) as top10_share
    from {{ ref('monthly_standings') }}
    group by month, population, metric, leader_kind
),

final as (
    select
        summed.month,
        summed.population,
        summed.metric,
        summed.leader_kind as level,
        cast(summed.hhi as double) / 1e18 as hhi,
        cast(top.top1_share as double) / 1e18 as top1_share,
        cast(top.top3_share as double) / 1e18 as top3_share,
        cast(top.top10_share as double) / 1e18 as top10_share,
        cast(coalesce(summed.unattributed_share, 0) as double) / 1e18 as unattributed_share,
        summed.is_complete_month
    from summed
    left join top
        on
            summed.month = top.month
            and summed.population = top.population
            and summed.metric = top.metric
            and summed.leader_kind = top.leader_kind
)

select
    month,
    population,
    metric,
    level,
    hhi,
    top1_share,
    top3_share,
    top10_share,
    unattributed_share,
    is_complete_month
from final
