with league_counters as (
    select * from {{ ref('league_counters') }}
),

adoption_references as (
    select * from {{ ref('adoption_references') }}
),

leading_members as (
    select * from {{ ref('leading_members') }}
),

uncertainty as (
    select * from {{ ref('reference_uncertainty') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

ranks as (
    select
        league,
        member_id,
        horizon_days,
        cast(row_number() over (
            partition by league, size_bucket, horizon_days
            order by cumulative_downloads desc, member_id
        ) as bigint) as rank_in_bucket
    from league_counters
    where not is_wide_gap and size_bucket != 'unknown'
),

scored as (
    select
        league_counters.*,
        adoption_references.reference_median,
        adoption_references.reference_median_models,
        adoption_references.reference_status,
        adoption_references.reference_released_from,
        adoption_references.reference_released_to,
        adoption_references.reference_deflated,
        adoption_references.reference_deflated_models,
        adoption_references.reference_cohort,
        adoption_references.reference_cohort_models,
        adoption_references.reference_cutoff,
        adoption_references.reference_cutoff_raw,
        adoption_references.reference_cutoff_models,
        uncertainty.lowest_left_out,
        uncertainty.highest_left_out,
        uncertainty.reference_median_p05,
        uncertainty.reference_median_p95,
        leading_members.member_id is not null and not league_counters.is_wide_gap as in_reference,
        ranks.rank_in_bucket,
        as_of.as_of as reference_as_of
    from league_counters
    cross join as_of
    left join adoption_references
        on
            league_counters.league = adoption_references.league
            and league_counters.size_bucket = adoption_references.size_bucket
            and league_counters.horizon_days = adoption_references.horizon_days
    left join uncertainty
        on
            league_counters.league = uncertainty.league
            and league_counters.size_bucket = uncertainty.size_bucket
            and league_counters.horizon_days = uncertainty.horizon_days
    left join leading_members
        on
            league_counters.league = leading_members.league
            and league_counters.member_id = leading_members.member_id
    left join ranks
        on
            league_counters.league = ranks.league
            and league_counters.member_id = ranks.member_id
            and league_counters.horizon_days = ranks.horizon_days
    -- At the present ages only each model's own; the other ages served the references.
    where
        league_counters.league in ('model', 'active', 'release')
        or (
            league_counters.league = 'now'
            and {{ add_days('league_counters.day_zero', 'league_counters.horizon_days') }}
            = as_of.as_of
        )
),

-- Removed downloads can make a small bucket's reference 0 or negative: no measure for a score.
final as (
    select
        league,
        member_id,
        horizon_days,
        size_bucket,
        cumulative_downloads,
        is_interpolated,
        is_wide_gap,
        is_date_uncertain,
        basis,
        case
            when reference_median > 0
                then cumulative_downloads / cast(reference_median as double)
        end as ram_median,
        cast(reference_median as double) as reference_median,
        coalesce(reference_median_models, 0) as reference_median_models,
        reference_status,
        reference_released_from,
        reference_released_to,
        in_reference,
        case
            when reference_cutoff > 0
                then cumulative_downloads / cast(reference_cutoff as double)
        end as ram_cutoff,
        reference_cutoff,
        reference_cutoff_raw,
        coalesce(reference_cutoff_models, 0) as reference_cutoff_models,
        case
            when reference_cohort > 0
                then cumulative_downloads / cast(reference_cohort as double)
        end as ram_cohort,
        cast(reference_cohort as double) as reference_cohort,
        coalesce(reference_cohort_models, 0) as reference_cohort_models,
        rank_in_bucket,
        reference_as_of,
        c_low,
        c_high,
        case when lowest_left_out > 0 then least(
            cumulative_downloads / cast(lowest_left_out as double),
            cumulative_downloads / cast(highest_left_out as double)
        ) end as ram_median_loo_low,
        case when lowest_left_out > 0 then greatest(
            cumulative_downloads / cast(lowest_left_out as double),
            cumulative_downloads / cast(highest_left_out as double)
        ) end as ram_median_loo_high,
        case when reference_median_p05 > 0 then least(
            cumulative_downloads / cast(reference_median_p05 as double),
            cumulative_downloads / cast(reference_median_p95 as double)
        ) end as ram_median_p05,
        case when reference_median_p05 > 0 then greatest(
            cumulative_downloads / cast(reference_median_p05 as double),
            cumulative_downloads / cast(reference_median_p95 as double)
        ) end as ram_median_p95,
        case
            when reference_deflated > 0 then deflated_downloads / reference_deflated
        end as ram_median_deflated,
        coalesce(reference_deflated_models, 0) as reference_deflated_models
    from scored
)

select * from final
