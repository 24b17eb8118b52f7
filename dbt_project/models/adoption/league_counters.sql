with horizon_counters as (
    select * from {{ ref('horizon_counters') }}
),

launches as (
    select * from {{ ref('launches') }}
    where league = 'release'
),

deflated_months as (
    select * from {{ ref('deflated_months') }}
),

quarter_counters as (
    select * from {{ ref('quarter_counters') }}
),

releases as (
    select * from {{ ref('tracked_releases') }}
),

-- Each day's downloads over the level of the Hub on it, summed from day 0 to the horizon: those of
-- whole months, and of the first and the last up to the counter on that day. Before a launch there
-- is no month and nothing to take off.
deflated as (
    select
        horizon_counters.*,
        case
            when
                horizon_counters.basis = 'all_time'
                and ends.hub_level is not null
                and ends.months_unknown_before = coalesce(starts.months_unknown_before, 0)
                then cast(
                    ends.deflated_before
                    + cast(
                        (horizon_counters.counter_at_horizon - ends.counter_before)
                        / ends.hub_level as decimal(38, 6)
                    )
                    - coalesce(
                        starts.deflated_before
                        + cast(
                            (horizon_counters.counter_at_eve - starts.counter_before)
                            / starts.hub_level as decimal(38, 6)
                        ),
                        0
                    ) as double
                )
        end as deflated_downloads
    from horizon_counters
    left join deflated_months as ends
        on
            horizon_counters.model_key = ends.model_key
            and {{ month_start('horizon_counters.horizon_day') }} = ends.month
    left join deflated_months as starts
        on
            horizon_counters.model_key = starts.model_key
            and {{ month_start('horizon_counters.day_zero') }} = starts.month
),

leagues as (
    select
        league,
        model_id as member_id,
        size_bucket,
        downloads_all_time,
        day_zero,
        horizon_days,
        cumulative_downloads,
        c_low,
        c_high,
        basis,
        is_interpolated,
        is_wide_gap,
        is_date_uncertain,
        deflated_downloads
    from deflated
    where league in ('model', 'now')

    union all

    select
        'active' as league,
        model_id as member_id,
        active_size_bucket as size_bucket,
        downloads_all_time,
        day_zero,
        horizon_days,
        cumulative_downloads,
        c_low,
        c_high,
        basis,
        is_interpolated,
        is_wide_gap,
        is_date_uncertain,
        deflated_downloads
    from deflated
    where league = 'model'

    union all

    -- As it stood at the last quarter's end: for the vintages.
    select
        'quarter' as league,
        deflated.model_id as member_id,
        deflated.size_bucket,
        quarter_counters.downloads_all_time,
        deflated.day_zero,
        deflated.horizon_days,
        deflated.cumulative_downloads,
        deflated.c_low,
        deflated.c_high,
        deflated.basis,
        deflated.is_interpolated,
        deflated.is_wide_gap,
        deflated.is_date_uncertain,
        deflated.deflated_downloads
    from deflated
    inner join quarter_counters
        on deflated.model_key = quarter_counters.model_key
    where
        deflated.league = 'model'
        and deflated.horizon_day <= quarter_counters.quarter_end
        and (
            deflated.basis = 'trailing_30d'
            or quarter_counters.unread_from is null
            or deflated.horizon_day < quarter_counters.unread_from
        )
),

repositories as (
    select
        release_id,
        horizon_days,
        count(*) as repositories
    from launches
    group by release_id, horizon_days
),

sums as (
    select
        release_id,
        horizon_days,
        count(*) as repositories,
        sum(cumulative_downloads) as cumulative_downloads,
        case when count(c_low) = count(*) then sum(c_low) end as c_low,
        case when count(c_high) = count(*) then sum(c_high) end as c_high,
        bool_or(basis = 'trailing_30d') as is_trailing,
        bool_or(is_interpolated) as is_interpolated,
        bool_or(is_wide_gap) as is_wide_gap,
        bool_or(is_date_uncertain) as is_date_uncertain,
        case
            when count(deflated_downloads) = count(*)
                then cast(sum(cast(deflated_downloads as decimal(38, 6))) as double)
        end as deflated_downloads
    from deflated
    where league = 'release'
    group by release_id, horizon_days
),

final as (
    select * from leagues

    union all

    -- Known where the downloads of all its repositories that exist at the horizon are.
    select
        'release' as league,
        sums.release_id as member_id,
        releases.size_bucket,
        releases.downloads_all_time,
        releases.day_zero,
        sums.horizon_days,
        cast(sums.cumulative_downloads as bigint) as cumulative_downloads,
        cast(sums.c_low as bigint) as c_low,
        cast(sums.c_high as bigint) as c_high,
        case when sums.is_trailing then 'trailing_30d' else 'all_time' end as basis,
        sums.is_interpolated,
        sums.is_wide_gap,
        sums.is_date_uncertain,
        sums.deflated_downloads
    from sums
    inner join repositories
        on
            sums.release_id = repositories.release_id
            and sums.horizon_days = repositories.horizon_days
            and sums.repositories = repositories.repositories
    inner join releases
        on sums.release_id = releases.release_id
)

select * from final
