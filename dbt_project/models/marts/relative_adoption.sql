with horizon_counters as (
    select * from {{ ref('horizon_counters') }}
),

adoption_references as (
    select * from {{ ref('adoption_references') }}
),

leading_models as (
    select * from {{ ref('leading_models') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

ranks as (
    select
        model_key,
        horizon_days,
        row_number() over (
            partition by size_bucket, horizon_days
            order by cumulative_downloads desc, model_id
        ) as rank_in_bucket
    from horizon_counters
    where not is_wide_gap and size_bucket != 'unknown'
),

scored as (
    select
        horizon_counters.*,
        adoption_references.reference_median,
        adoption_references.reference_median_models,
        adoption_references.reference_status,
        adoption_references.reference_released_from,
        adoption_references.reference_released_to,
        adoption_references.reference_cohort,
        adoption_references.reference_cohort_models,
        adoption_references.reference_cutoff,
        adoption_references.reference_cutoff_raw,
        adoption_references.reference_cutoff_models,
        leading_models.model_key is not null and not horizon_counters.is_wide_gap as in_reference,
        ranks.rank_in_bucket,
        as_of.as_of as reference_as_of
    from horizon_counters
    cross join as_of
    left join adoption_references
        on
            horizon_counters.size_bucket = adoption_references.size_bucket
            and horizon_counters.horizon_days = adoption_references.horizon_days
    left join leading_models
        on horizon_counters.model_key = leading_models.model_key
    left join ranks
        on
            horizon_counters.model_key = ranks.model_key
            and horizon_counters.horizon_days = ranks.horizon_days
)

-- Removed downloads can make a small bucket's reference 0 or negative: no measure for a score.
select
    model_id,
    horizon_days,
    size_bucket,
    cumulative_downloads,
    is_interpolated,
    is_wide_gap,
    is_date_uncertain,
    basis,
    case when reference_median > 0 then cumulative_downloads / cast(reference_median as double) end
        as ram_median,
    cast(reference_median as double) as reference_median,
    coalesce(reference_median_models, 0) as reference_median_models,
    reference_status,
    reference_released_from,
    reference_released_to,
    in_reference,
    case when reference_cutoff > 0 then cumulative_downloads / cast(reference_cutoff as double) end
        as ram_cutoff,
    reference_cutoff,
    reference_cutoff_raw,
    coalesce(reference_cutoff_models, 0) as reference_cutoff_models,
    case when reference_cohort > 0 then cumulative_downloads / cast(reference_cohort as double) end
        as ram_cohort,
    cast(reference_cohort as double) as reference_cohort,
    coalesce(reference_cohort_models, 0) as reference_cohort_models,
    rank_in_bucket,
    reference_as_of
from scored
