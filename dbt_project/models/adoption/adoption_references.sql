with league_counters as (
    select * from {{ ref('league_counters') }}
    where not is_wide_gap and size_bucket != 'unknown'
),

leading_members as (
    select * from {{ ref('leading_members') }}
),

horizons as (
    select
        horizon_days,
        lead(horizon_days) over (order by horizon_days) as next_horizon_days
    from {{ ref('horizons') }}
),

known as (
    select
        league_counters.*,
        leading_members.member_id is not null as is_leader,
        row_number() over (
            partition by
                league_counters.league, league_counters.size_bucket, league_counters.horizon_days
            order by league_counters.cumulative_downloads desc, league_counters.member_id
        ) as rank_by_downloads,
        row_number() over (
            partition by
                league_counters.league, league_counters.size_bucket, league_counters.horizon_days
            order by
                league_counters.downloads_all_time desc nulls last, league_counters.member_id
        ) as rank_by_counter
    from league_counters
    left join leading_members
        on
            league_counters.league = leading_members.league
            and league_counters.member_id = leading_members.member_id
),

medians as (
    select
        league,
        size_bucket,
        horizon_days,
        count(case when is_leader then 1 end) as reference_median_models,
        median(case when is_leader then cumulative_downloads end) as reference_median,
        min(case when is_leader then day_zero end) as reference_released_from,
        max(case when is_leader then day_zero end) as reference_released_to,
        count(case when is_leader then deflated_downloads end) as reference_deflated_models,
        median(case when is_leader then deflated_downloads end) as reference_deflated,
        count(case when rank_by_counter <= {{ var('reference_models') }} then 1 end)
            as reference_cohort_models,
        median(
            case when rank_by_counter <= {{ var('reference_models') }} then cumulative_downloads end
        ) as reference_cohort,
        count(*) as reference_cutoff_models,
        max(
            case when rank_by_downloads = {{ var('reference_models') }} then cumulative_downloads end
        ) as reference_cutoff_raw
    from known
    group by league, size_bucket, horizon_days
),

guarded as (
    select
        league,
        size_bucket,
        horizon_days,
        reference_median_models,
        case
            when reference_median_models >= {{ var('reference_min_models') }} then reference_median
        end as reference_median,
        case
            when reference_median_models >= {{ var('reference_models') }} then 'complete'
            when reference_median_models >= {{ var('reference_min_models') }} then 'partial'
        end as reference_status,
        reference_released_from,
        reference_released_to,
        reference_deflated_models,
        case
            when reference_deflated_models >= {{ var('reference_min_models') }}
                then reference_deflated
        end as reference_deflated,
        reference_cohort_models,
        case
            when reference_cohort_models >= {{ var('reference_min_models') }} then reference_cohort
        end as reference_cohort,
        reference_cutoff_models,
        reference_cutoff_raw,
        -- A later cutoff is never below an earlier one.
        max(reference_cutoff_raw) over (
            partition by league, size_bucket
            order by horizon_days
        ) as reference_cutoff_to_date
    from medians
),

-- At a present age the cutoff is not below the one at the largest horizon up to it.
final as (
    select
        guarded.league,
        guarded.size_bucket,
        guarded.horizon_days,
        guarded.reference_median,
        guarded.reference_median_models,
        guarded.reference_status,
        guarded.reference_released_from,
        guarded.reference_released_to,
        guarded.reference_deflated,
        guarded.reference_deflated_models,
        guarded.reference_cohort,
        guarded.reference_cohort_models,
        case
            when guarded.reference_cutoff_raw is null then null
            when guarded.league != 'now' then guarded.reference_cutoff_to_date
            when floors.reference_cutoff_raw is null then guarded.reference_cutoff_raw
            else greatest(guarded.reference_cutoff_raw, floors.reference_cutoff_to_date)
        end as reference_cutoff,
        guarded.reference_cutoff_raw,
        guarded.reference_cutoff_models
    from guarded
    left join horizons
        on
            guarded.league = 'now'
            and horizons.horizon_days <= guarded.horizon_days
            and (
                horizons.next_horizon_days > guarded.horizon_days
                or horizons.next_horizon_days is null
            )
    left join guarded as floors
        on
            floors.league = 'model'
            and guarded.size_bucket = floors.size_bucket
            and horizons.horizon_days = floors.horizon_days
)

select * from final
