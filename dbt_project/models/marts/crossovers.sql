with standings as (
    select * from {{ ref('daily_standings') }}
    where member not in ('unknown', 'none') and cumulative_downloads > 0
),

-- Days on which one of two is strictly ahead; a tie changes nothing.
pairs as (
    select
        first_one.leader_kind,
        first_one.member as first_member,
        second_one.member as second_member,
        first_one.day,
        case
            when first_one.cumulative_downloads > second_one.cumulative_downloads
                then first_one.member
            else second_one.member
        end as leader,
        greatest(first_one.cumulative_downloads, second_one.cumulative_downloads) as ahead,
        least(first_one.cumulative_downloads, second_one.cumulative_downloads) as behind,
        first_one.newly_covered + second_one.newly_covered as newly_covered,
        first_one.is_observed or second_one.is_observed as is_observed
    from standings as first_one
    inner join standings as second_one
        on
            first_one.leader_kind = second_one.leader_kind
            and first_one.day = second_one.day
            and first_one.member < second_one.member
    where first_one.cumulative_downloads != second_one.cumulative_downloads
),

compared as (
    select
        *,
        lag(leader) over (
            partition by leader_kind, first_member, second_member
            order by day
        ) as leader_before
    from pairs
),

-- Each lead is numbered; the first began before the data and is no crossing.
leads as (
    select
        *,
        sum(case when leader != leader_before then 1 else 0 end) over (
            partition by leader_kind, first_member, second_member
            order by day
        ) as lead_number
    from compared
),

lead_lengths as (
    select
        leader_kind,
        first_member,
        second_member,
        lead_number,
        count(case when is_observed then 1 end) as days_ahead
    from leads
    group by leader_kind, first_member, second_member, lead_number
),

crossings as (
    select
        leads.*,
        lead_lengths.days_ahead,
        lead_lengths.lead_number = max(lead_lengths.lead_number) over (
            partition by leads.leader_kind, leads.first_member, leads.second_member
        ) as is_last
    from leads
    inner join lead_lengths
        on
            leads.leader_kind = lead_lengths.leader_kind
            and leads.first_member = lead_lengths.first_member
            and leads.second_member = lead_lengths.second_member
            and leads.lead_number = lead_lengths.lead_number
    where leads.leader != leads.leader_before
)

select
    'cumulative_downloads' as metric,
    'tracked' as population,
    leader_kind,
    leader as overtaker,
    leader_before as overtaken,
    day as crossed_on,
    case
        when days_ahead >= {{ var('crossover_confirmation_days') }} then 'confirmed'
        when is_last then 'provisional'
        else 'reverted'
    end as status,
    newly_covered > behind * {{ var('composition_change_share') }} as composition_changed,
    days_ahead,
    ahead as overtaker_downloads,
    behind as overtaken_downloads
from crossings
