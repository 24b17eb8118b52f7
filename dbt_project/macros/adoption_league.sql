{# The columns that the tables of relative adoption share: one league of adoption.adoption_scores. #}
{% macro adoption_league(league, member, horizon='horizon_days') -%}
with adoption_scores as (
    select * from {{ ref('adoption_scores') }}
    where league = '{{ league }}'
)

select
    member_id as {{ member }},
    {% if horizon == 'horizon_days' -%}
        horizon_days,
    {%- else -%}
        horizon_days as {{ horizon }},
    {%- endif %}
    size_bucket,
    cumulative_downloads,
    is_interpolated,
    is_wide_gap,
    is_date_uncertain,
    basis,
    ram_median,
    reference_median,
    reference_median_models,
    reference_status,
    reference_released_from,
    reference_released_to,
    in_reference,
    ram_cutoff,
    reference_cutoff,
    reference_cutoff_raw,
    reference_cutoff_models,
    ram_cohort,
    reference_cohort,
    reference_cohort_models,
    rank_in_bucket,
    reference_as_of,
    c_low,
    c_high,
    ram_median_loo_low,
    ram_median_loo_high,
    ram_median_p05,
    ram_median_p95,
    ram_median_deflated,
    reference_deflated_models
from adoption_scores
{%- endmacro %}
