with horizon_counters as (
    select * from {{ ref('horizon_counters') }}
    where not is_wide_gap and size_bucket != 'unknown'
),

leading_models as (
    select * from {{ ref('leading_models') }}
),

known as (
    select
        horizon_counters.*,
        leading_models.model_key is not null as is_leader,
        row_number() over (
            partition by horizon_counters.size_bucket, horizon_counters.horizon_days
            order by horizon_counters.cumulative_downloads desc, horizon_counters.model_id
        ) as rank_by_downloads,
        row_number() over (
            partition by horizon_counters.size_bucket, horizon_counters.horizon_days
            order by
                horizon_counters.downloads_all_time desc nulls last, horizon_counters.model_id
        ) as rank_by_counter
    from horizon_counters
    left join leading_models
        on horizon_counters.model_key = leading_models.model_key
),

medians as (
    select
        size_bucket,
        horizon_days,
        count(case when is_leader then 1 end) as reference_median_models,
        median(case when is_leader then cumulative_downloads end) as reference_median,
        min(case when is_leader then day_zero end) as reference_released_from,
        max(case when is_leader then day_zero end) as reference_released_to,
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
    group by size_bucket, horizon_days
),

guarded as (
    select
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
        reference_cohort_models,
        case
            when reference_cohort_models >= {{ var('reference_min_models') }} then reference_cohort
        end as reference_cohort,
        reference_cutoff_models,
        reference_cutoff_raw
    from medians
),

final as (
    select
        size_bucket,
        horizon_days,
        reference_median,
        reference_median_models,
        reference_status,
        reference_released_from,
        reference_released_to,
        reference_cohort,
        reference_cohort_models,
        -- A later cutoff is never below an earlier one; null stays null.
        case
            when reference_cutoff_raw is not null
                then max(reference_cutoff_raw) over (
                    partition by size_bucket order by horizon_days
                )
        end as reference_cutoff,
        reference_cutoff_raw,
        reference_cutoff_models
    from guarded
)

select * from final
