-- In every league a score is exactly 1 where C is its reference, above 1 where C is above it and
-- nowhere else, and null where no positive reference is known and nowhere else.
{{ config(meta={'dagster': {'ref': {'name': 'relative_adoption'}}}) }}

{% set leagues = [
    ('relative_adoption', 'model_id', 'horizon_days'),
    ('relative_adoption_active', 'model_id', 'horizon_days'),
    ('relative_adoption_now', 'model_id', 'age_days'),
    ('release_adoption', 'release_id', 'horizon_days'),
] %}
with scores as (
    {% for mart, member, age in leagues %}
    {% for score in ['median', 'cutoff', 'cohort'] %}
    select
        '{{ mart }}' as mart,
        'ram_{{ score }}' as score_name,
        {{ member }} as member_id,
        {{ age }} as age_days,
        cumulative_downloads,
        cast(reference_{{ score }} as double) as reference,
        ram_{{ score }} as score
    from {{ ref(mart) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select *
from scores
where
    coalesce(reference > 0, false) != (score is not null)
    or (score is not null and (cumulative_downloads = reference) != (score = 1))
    or (score is not null and (cumulative_downloads > reference) != (score > 1))
