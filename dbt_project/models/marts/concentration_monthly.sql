with totals as (
    select
        metric,
        population,
        leader_kind,
        month,
        cast(nullif(sum(value), 0) as double) as value
    from {{ ref('monthly_standings') }}
    group by metric, population, leader_kind, month
),

shares as (
    select
        standings.metric,
        standings.population,
        standings.leader_kind,
        standings.month,
        standings.is_complete_month,
        standings.member in ('unknown', 'none') as is_unattributed,
        cast(standings.value as double) / totals.value as share
    from {{ ref('monthly_standings') }} as standings
    inner join totals
        on
            standings.metric = totals.metric
            and standings.population = totals.population
            and standings.leader_kind = totals.leader_kind
            and standings.month = totals.month
),

-- `unknown` and models of no family are in the total, and no single member. Shares are added as whole
-- numbers, of 1e-18: a sum of doubles would hang on the order of the members.
summed as (
    select
        month,
        population,
        metric,
        leader_kind,
        sum(case when not is_unattributed then cast(round(share * share * 1e18) as bigint) end) as hhi,
        sum(case when is_unattributed then cast(round(share * 1e18) as bigint) end) as unattributed_share,
        bool_and(is_complete_month) as is_complete_month
    from shares
    where share is not null
    group by month, population, metric, leader_kind
),

foremost as (
    select
        first_ten.*,
        cast(round(cast(first_ten.value as double) / totals.value * 1e18) as bigint) as share
    from {{ first_places(
        ref('monthly_standings'),
        "member not in ('unknown', 'none')",
        ['metric', 'population', 'leader_kind', 'month'], 'value', 'member', 10
    ) }} as first_ten
    inner join totals
        on
            first_ten.metric = totals.metric
            and first_ten.population = totals.population
            and first_ten.leader_kind = totals.leader_kind
            and first_ten.month = totals.month
    where totals.value is not null
),

top as (
    select
        month,
        population,
        metric,
        leader_kind,
        sum(case when place = 1 then share end) as top1_share,
        sum(case when place <= 3 then share end) as top3_share,
        sum(share) as top10_share
    from foremost
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
