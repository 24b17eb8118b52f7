{{ config(materialized='view') }}

with members as (
    select * from {{ ref('reference_members') }}
    where members >= {{ var('reference_min_models') }}
),

-- The median without each member in turn: what one member alone decides.
left_out as (
    select
        members.league,
        members.size_bucket,
        members.horizon_days,
        members.member_id,
        median(others.cumulative_downloads) as reference_median
    from members
    inner join members as others
        on
            members.league = others.league
            and members.size_bucket = others.size_bucket
            and members.horizon_days = others.horizon_days
            and members.member_id != others.member_id
    group by members.league, members.size_bucket, members.horizon_days, members.member_id
),

sensitivity as (
    select
        league,
        size_bucket,
        horizon_days,
        min(reference_median) as lowest_left_out,
        max(reference_median) as highest_left_out
    from left_out
    group by league, size_bucket, horizon_days
),

-- Bootstrap: as many members as there are, drawn with replacement, many times. A draw of places
-- among n members serves every reference with n of them.
sizes as (
    select distinct members from members
),

draws as (
    {{ number_series(var('bootstrap_draws')) }}
),

positions as (
    {{ number_series(var('reference_models')) }}
),

drawn as (
    select
        sizes.members,
        draws.number as draw,
        {{ random_index(
            "concat_ws('|', sizes.members, draws.number, positions.number, '"
            ~ var('bootstrap_seed') ~ "')",
            'sizes.members'
        ) }} as place
    from sizes
    cross join draws
    inner join positions
        on positions.number <= sizes.members
),

ordered as (
    select
        *,
        row_number() over (
            partition by members, draw
            order by place
        ) as rank_in_draw
    from drawn
),

-- The place in the middle of a draw, or the two of them, and how often they are drawn.
middles as (
    select
        members,
        draw,
        min(case when rank_in_draw * 2 >= members then place end) as low_place,
        min(case when rank_in_draw * 2 > members then place end) as high_place
    from ordered
    group by members, draw
),

frequencies as (
    select
        members,
        low_place,
        high_place,
        count(*) as draws
    from middles
    group by members, low_place, high_place
),

draw_medians as (
    select
        lows.league,
        lows.size_bucket,
        lows.horizon_days,
        (lows.cumulative_downloads + highs.cumulative_downloads) / cast(2 as double)
            as reference_median,
        sum(frequencies.draws) over (
            partition by lows.league, lows.size_bucket, lows.horizon_days
            order by lows.cumulative_downloads + highs.cumulative_downloads
        ) as draws_to_date
    from frequencies
    inner join members as lows
        on frequencies.members = lows.members and frequencies.low_place = lows.place
    inner join members as highs
        on
            lows.league = highs.league
            and lows.size_bucket = highs.size_bucket
            and lows.horizon_days = highs.horizon_days
            and frequencies.high_place = highs.place
),

bootstrap as (
    select
        league,
        size_bucket,
        horizon_days,
        min(case when draws_to_date >= {{ var('bootstrap_draws') }} * 0.05 then reference_median end)
            as reference_median_p05,
        min(case when draws_to_date >= {{ var('bootstrap_draws') }} * 0.95 then reference_median end)
            as reference_median_p95
    from draw_medians
    group by league, size_bucket, horizon_days
),

final as (
    select
        sensitivity.league,
        sensitivity.size_bucket,
        sensitivity.horizon_days,
        sensitivity.lowest_left_out,
        sensitivity.highest_left_out,
        bootstrap.reference_median_p05,
        bootstrap.reference_median_p95
    from sensitivity
    inner join bootstrap
        on
            sensitivity.league = bootstrap.league
            and sensitivity.size_bucket = bootstrap.size_bucket
            and sensitivity.horizon_days = bootstrap.horizon_days
)

select * from final
