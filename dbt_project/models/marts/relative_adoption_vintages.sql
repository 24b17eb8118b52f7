{{ config(materialized=mart_view()) }}

with adoption_scores as (
    select * from {{ ref('adoption_scores') }}
    where league = 'model'
),

vintages as (
    select
        *,
        reference_as_of = max(reference_as_of) over () as is_latest_vintage
    from {{ ref('adoption_reference_vintages') }}
),

stated_members as (
    select
        reference_as_of,
        size_bucket,
        horizon_days,
        {{ unnest_list('member_model_ids') }} as member_id
    from vintages
),

-- Frozen under the names of then.
members as (
    select
        stated.reference_as_of,
        stated.size_bucket,
        stated.horizon_days,
        coalesce(former_names.model_id, stated.member_id) as member_id
    from stated_members as stated
    left join {{ ref('former_names') }} as former_names
        on lower(stated.member_id) = former_names.folded_name
),

final as (
    select
        vintages.reference_as_of,
        vintages.is_latest_vintage,
        scores.member_id as model_id,
        scores.horizon_days,
        scores.size_bucket,
        scores.cumulative_downloads,
        scores.is_interpolated,
        scores.is_wide_gap,
        scores.is_date_uncertain,
        scores.basis,
        case
            when vintages.reference_median > 0
                then scores.cumulative_downloads / vintages.reference_median
        end as ram_median,
        vintages.reference_median,
        vintages.reference_median_models,
        vintages.reference_status,
        members.member_id is not null as in_reference,
        case
            when vintages.reference_cutoff > 0
                then scores.cumulative_downloads / cast(vintages.reference_cutoff as double)
        end as ram_cutoff,
        vintages.reference_cutoff,
        vintages.reference_cutoff_models,
        case
            when vintages.reference_cohort > 0
                then scores.cumulative_downloads / vintages.reference_cohort
        end as ram_cohort,
        vintages.reference_cohort,
        vintages.reference_cohort_models
    from adoption_scores as scores
    inner join vintages
        on
            scores.size_bucket = vintages.size_bucket
            and scores.horizon_days = vintages.horizon_days
    left join members
        on
            vintages.reference_as_of = members.reference_as_of
            and vintages.size_bucket = members.size_bucket
            and vintages.horizon_days = members.horizon_days
            and scores.member_id = members.member_id
)

select
    reference_as_of,
    model_id,
    horizon_days,
    size_bucket,
    is_latest_vintage,
    cumulative_downloads,
    is_interpolated,
    is_wide_gap,
    is_date_uncertain,
    basis,
    ram_median,
    reference_median,
    reference_median_models,
    reference_status,
    in_reference,
    ram_cutoff,
    reference_cutoff,
    reference_cutoff_models,
    ram_cohort,
    reference_cohort,
    reference_cohort_models
from final
