with standings as (
    select
        metric,
        population,
        leader_kind as level,
        month,
        member,
        value,
        is_complete_month
    from {{ ref('monthly_standings') }}
),

totals as (
    select
        metric,
        population,
        level,
        month,
        cast(nullif(sum(value), 0) as double) as value
    from standings
    group by metric, population, level, month
),

-- `unknown` and models of no family are in the total, and no single member. As decimals: a sum of
-- doubles would hang on the order of the members.
shares as (
    select
        standings.*,
        standings.member in ('unknown', 'none') as is_unattributed,
        cast(cast(standings.value as double) / totals.value as decimal(38, 18)) as exact_share
    from standings
    inner join totals
        on
            standings.metric = totals.metric
            and standings.population = totals.population
            and standings.level = totals.level
            and standings.month = totals.month
    where totals.value is not null
),

summed as (
    select
        month,
        population,
        metric,
        level,
        sum(case
            when not is_unattributed
                then cast(
                    cast(exact_share as double) * cast(exact_share as double) as decimal(38, 18)
                )
        end) as hhi,
        sum(case when is_unattributed then exact_share end) as unattributed_share,
        bool_and(is_complete_month) as is_complete_month
    from shares
    group by month, population, metric, level
),

foremost as (
    select *
    from (
        select
            month,
            population,
            metric,
            level,
            exact_share,
            row_number() over (
                partition by metric, population, level, month
                order by value desc, member
            ) as place
        from shares
        where not is_unattributed
    ) as every_member
    where place <= 10
),

top as (
    select
        month,
        population,
        metric,
        level,
        cast(sum(case when place = 1 then exact_share end) as double) as top1_share,
        cast(sum(case when place <= 3 then exact_share end) as double) as top3_share,
        cast(sum(exact_share) as double) as top10_share
    from foremost
    group by month, population, metric, level
),

final as (
    select
        summed.month,
        summed.population,
        summed.metric,
        summed.level,
        cast(summed.hhi as double) as hhi,
        top.top1_share,
        top.top3_share,
        top.top10_share,
        cast(coalesce(summed.unattributed_share, 0) as double) as unattributed_share,
        summed.is_complete_month
    from summed
    left join top
        on
            summed.month = top.month
            and summed.population = top.population
            and summed.metric = top.metric
            and summed.level = top.level
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
