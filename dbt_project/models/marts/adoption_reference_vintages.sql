{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
) }}

with adoption_references as (
    select * from {{ ref('adoption_references') }}
    where league = 'quarter'
),

reference_members as (
    select * from {{ ref('reference_members') }}
    where league = 'quarter'
),

quarter as (
    select
        as_of.as_of,
        max(quarter_counters.quarter_end) as quarter_end
    from {{ ref('quarter_counters') }} as quarter_counters
    cross join {{ ref('as_of') }} as as_of
    group by as_of.as_of
),

members as (
    select
        size_bucket,
        horizon_days,
        {{ sorted_list('member_id') }} as member_model_ids
    from reference_members
    group by size_bucket, horizon_days
)

-- What stands is never touched: a quarter has one vintage, by the first build after its end.
select
    quarter.quarter_end as reference_as_of,
    adoption_references.size_bucket,
    adoption_references.horizon_days,
    cast(adoption_references.reference_median as double) as reference_median,
    adoption_references.reference_median_models,
    adoption_references.reference_status,
    adoption_references.reference_cutoff,
    adoption_references.reference_cutoff_raw,
    adoption_references.reference_cutoff_models,
    cast(adoption_references.reference_cohort as double) as reference_cohort,
    adoption_references.reference_cohort_models,
    members.member_model_ids,
    quarter.as_of as frozen_as_of
from adoption_references
cross join quarter
left join members
    on
        adoption_references.size_bucket = members.size_bucket
        and adoption_references.horizon_days = members.horizon_days
{% if is_incremental() %}
    where not exists (
        select 1 from {{ this }} as vintages
        where vintages.reference_as_of >= quarter.quarter_end
    )
{% endif %}
