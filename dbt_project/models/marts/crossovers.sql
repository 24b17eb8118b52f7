with standings as (
    select * from {{ ref('daily_standings') }}
    where member not in ('unknown', 'none') and cumulative_downloads > 0
),

-- Members as numbers, in the order of their names: comparing texts costs several times as much.
members as (
    select
        leader_kind,
        member,
        row_number() over (order by leader_kind, member) as member_key
    from (
        select distinct
            leader_kind,
            member
        from standings
    ) as names
),

numbered as (
    select
        standings.*,
        members.member_key
    from standings
    inner join members
        on standings.leader_kind = members.leader_kind and standings.member = members.member
),

-- Of most pairs one is ahead throughout, and goes no further. A month at a time decides for nearly
-- all of them: where the lowest of one is above the highest of the other.
months as (
    select
        leader_kind,
        member_key,
        {{ month_start('day') }} as month,
        min(cumulative_downloads) as lowest,
        max(cumulative_downloads) as highest
    from numbered
    group by leader_kind, member_key, {{ month_start('day') }}
),

candidates as (
    select
        first_one.leader_kind,
        first_one.member_key as first_key,
        second_one.member_key as second_key
    from months as first_one
    inner join months as second_one
        on
            first_one.leader_kind = second_one.leader_kind
            and first_one.month = second_one.month
            and first_one.member_key < second_one.member_key
    group by first_one.leader_kind, first_one.member_key, second_one.member_key
    having
        bool_or(first_one.highest > second_one.lowest)
        and bool_or(first_one.lowest < second_one.highest)
),

crossing_pairs as (
    select
        candidates.first_key,
        candidates.second_key
    from candidates
    inner join numbered as first_one
        on candidates.first_key = first_one.member_key
    inner join numbered as second_one
        on candidates.second_key = second_one.member_key and first_one.day = second_one.day
    group by candidates.first_key, candidates.second_key
    having
        bool_or(first_one.cumulative_downloads > second_one.cumulative_downloads)
        and bool_or(first_one.cumulative_downloads < second_one.cumulative_downloads)
),

-- Days on which one of two is strictly ahead; a tie changes nothing.
pairs as (
    select
        crossing_pairs.first_key,
        crossing_pairs.second_key,
        first_one.day,
        case
            when first_one.cumulative_downloads > second_one.cumulative_downloads
                then first_one.member_key
            else second_one.member_key
        end as leader,
        greatest(first_one.cumulative_downloads, second_one.cumulative_downloads) as ahead,
        least(first_one.cumulative_downloads, second_one.cumulative_downloads) as behind,
        first_one.newly_covered + second_one.newly_covered as newly_covered,
        first_one.is_observed and second_one.is_observed as is_observed
    from crossing_pairs
    inner join numbered as first_one
        on crossing_pairs.first_key = first_one.member_key
    inner join numbered as second_one
        on
            crossing_pairs.second_key = second_one.member_key
            and first_one.day = second_one.day
    where first_one.cumulative_downloads != second_one.cumulative_downloads
),

compared as (
    select
        *,
        lag(leader) over (partition by first_key, second_key order by day) as leader_before,
        count(case when is_observed then 1 end) over (
            partition by first_key, second_key
            order by day
        ) - case when is_observed then 1 else 0 end as observed_before,
        count(case when is_observed then 1 end) over (
            partition by first_key, second_key
        ) as observed_in_all,
        max(case when is_observed then day end) over (
            partition by first_key, second_key
            order by day
            rows between unbounded preceding and 1 preceding
        ) as read_before,
        min(case when is_observed then day end) over (
            partition by first_key, second_key
            order by day
            rows between current row and unbounded following
        ) as read_after
    from pairs
),

-- The first lead began before the data and is no crossing; each other one lasts until the next.
crossings as (
    select
        *,
        coalesce(
            lead(observed_before) over (partition by first_key, second_key order by day),
            observed_in_all
        ) - observed_before as days_ahead,
        lead(day) over (partition by first_key, second_key order by day) is null as is_last
    from compared
    where leader != leader_before
)

select
    'cumulative_downloads' as metric,
    'tracked' as population,
    overtakers.leader_kind,
    overtakers.member as overtaker,
    overtaken.member as overtaken,
    crossings.day as crossed_on,
    crossings.read_before as crossed_after,
    crossings.read_after as crossed_by,
    case
        when crossings.days_ahead >= {{ var('crossover_confirmation_days') }} then 'confirmed'
        when crossings.is_last then 'provisional'
        else 'reverted'
    end as status,
    crossings.newly_covered > crossings.behind * {{ var('composition_change_share') }}
        as composition_changed,
    crossings.days_ahead,
    crossings.ahead as overtaker_downloads,
    crossings.behind as overtaken_downloads
from crossings
inner join members as overtakers
    on crossings.leader = overtakers.member_key
inner join members as overtaken
    on crossings.leader_before = overtaken.member_key
