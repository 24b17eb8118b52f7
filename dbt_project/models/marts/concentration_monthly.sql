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

shares as (
    select
        *,
        cast(value as double) / nullif(cast(sum(value) over (
            partition by metric, population, level, month
        ) as double), 0) as share
    from standings
),

-- `unknown` and models of no family are in the total, and no single member.
ranked as (
    select
        *,
        -- As decimals: a sum of doubles would hang on the order of the members.
        cast(share as decimal(38, 18)) as exact_share,
        case when member not in ('unknown', 'none') then cast(share as decimal(38, 18)) end
            as member_share,
        row_number() over (
            partition by metric, population, level, month
            order by case when member in ('unknown', 'none') then 1 else 0 end, share desc, member
        ) as place
    from shares
    where share is not null
),

final as (
    select
        month,
        population,
        metric,
        level,
        cast(sum(cast(
            cast(member_share as double) * cast(member_share as double) as decimal(38, 18)
        )) as double) as hhi,
        cast(sum(case when place = 1 then member_share end) as double) as top1_share,
        cast(sum(case when place <= 3 then member_share end) as double) as top3_share,
        cast(sum(case when place <= 10 then member_share end) as double) as top10_share,
        cast(coalesce(sum(case when member_share is null then exact_share end), 0) as double)
            as unattributed_share,
        bool_and(is_complete_month) as is_complete_month
    from ranked
    group by month, population, metric, level
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
