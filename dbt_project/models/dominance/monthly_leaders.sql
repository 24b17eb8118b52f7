with standings as (
    select * from {{ ref('monthly_standings') }}
    where is_complete_month
),

shares as (
    select
        *,
        cast(value as double) / nullif(cast(sum(value) over (
            partition by metric, population, leader_kind, month
        ) as double), 0) as share
    from standings
),

-- `unknown` and models of no family are in the total and never lead.
ranked as (
    select
        *,
        row_number() over (
            partition by metric, population, leader_kind, month
            order by share desc, member
        ) as place,
        share - coalesce(lead(share) over (
            partition by metric, population, leader_kind, month
            order by share desc, member
        ), 0) as lead_over_next
    from shares
    where member not in ('unknown', 'none')
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
