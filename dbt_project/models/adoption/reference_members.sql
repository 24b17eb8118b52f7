with league_counters as (
    select * from {{ ref('league_counters') }}
    where not is_wide_gap and size_bucket != 'unknown'
),

leading_members as (
    select * from {{ ref('leading_members') }}
),

final as (
    select
        league_counters.league,
        league_counters.size_bucket,
        league_counters.horizon_days,
        league_counters.member_id,
        league_counters.cumulative_downloads,
        row_number() over (
            partition by
                league_counters.league, league_counters.size_bucket, league_counters.horizon_days
            order by league_counters.cumulative_downloads, league_counters.member_id
        ) as place,
        count(*) over (
            partition by
                league_counters.league, league_counters.size_bucket, league_counters.horizon_days
        ) as members
    from league_counters
    inner join leading_members
        on
            league_counters.league = leading_members.league
            and league_counters.member_id = leading_members.member_id
)

select * from final
