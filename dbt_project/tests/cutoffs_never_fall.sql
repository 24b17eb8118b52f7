-- The adoption cutoff of a bucket never falls from one horizon to the next. Its raw value is the
-- C of the one that ranks tenth, who scores exactly 1 wherever the running maximum did not bind.
-- At a present age (relative_adoption_now) the tenth is seldom of that age itself, and has no row.
{{ config(meta={'dagster': {'ref': {'name': 'relative_adoption'}}}) }}

{% set leagues = [
    ('relative_adoption', 'horizon_days'),
    ('relative_adoption_active', 'horizon_days'),
    ('relative_adoption_now', 'age_days'),
    ('release_adoption', 'horizon_days'),
] %}
with leagues as (
    {% for mart, age in leagues %}
    select
        '{{ mart }}' as mart,
        size_bucket,
        {{ age }} as age_days,
        cumulative_downloads,
        rank_in_bucket,
        ram_cutoff,
        reference_cutoff,
        reference_cutoff_raw
    from {{ ref(mart) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

cutoffs as (
    select
        mart,
        size_bucket,
        age_days,
        reference_cutoff,
        reference_cutoff_raw,
        count(case when rank_in_bucket = {{ var('reference_models') }} then 1 end) as tenths,
        max(case when rank_in_bucket = {{ var('reference_models') }} then cumulative_downloads end)
            as downloads_of_tenth,
        max(case when rank_in_bucket = {{ var('reference_models') }} then ram_cutoff end)
            as score_of_tenth
    from leagues
    group by mart, size_bucket, age_days, reference_cutoff, reference_cutoff_raw
),

compared as (
    select
        *,
        lag(reference_cutoff) over (partition by mart, size_bucket order by age_days)
            as cutoff_before
    from cutoffs
    where reference_cutoff is not null
)

select *
from compared
where
    (mart != 'relative_adoption_now' and reference_cutoff < cutoff_before)
    or reference_cutoff < reference_cutoff_raw
    or (mart != 'relative_adoption_now' and tenths != 1)
    or downloads_of_tenth != reference_cutoff_raw
    or (tenths = 1 and reference_cutoff = reference_cutoff_raw and reference_cutoff > 0
        and score_of_tenth is distinct from 1)

union all

-- One cutoff a bucket and horizon, and one wherever somebody ranks tenth.
select
    *,
    null as cutoff_before
from cutoffs
where
    tenths > 0 and reference_cutoff is null
