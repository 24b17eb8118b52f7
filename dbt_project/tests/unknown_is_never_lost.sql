-- Models of unknown region or size, and those of no family, have a row of their own in the tables
-- of their kind, with all that they were downloaded. The same of tokens that nobody can place.
{{ config(meta={'dagster': {'ref': {'name': 'region_downloads_monthly'}}}) }}

{% set tables = [
    ('region_downloads_monthly', 'region', 'unknown'),
    ('bucket_downloads_monthly', 'size_bucket', 'unknown'),
    ('bucket_org_downloads_monthly', 'size_bucket', 'unknown'),
    ('family_downloads_monthly', 'family', 'none'),
] %}
{% set rankings = [
    ('inference_region_monthly', 'region'),
    ('inference_org_monthly', 'org'),
    ('inference_family_monthly', 'family'),
    ('inference_bucket_monthly', 'size_bucket'),
] %}
with populations as (
    select distinct population from {{ ref('region_downloads_monthly') }}
),

model_months as (
    select
        months.month,
        populations.population,
        models.region,
        models.size_bucket,
        coalesce(models.family, 'none') as family,
        months.downloads,
        months.cumulative_downloads
    from {{ ref('model_downloads_monthly') }} as months
    inner join {{ ref('dim_models') }} as models
        on months.model_id = models.model_id
    inner join populations
        on models.is_tracked or populations.population = 'hub'
),

ranked as (
    select
        {{ month_start('day') }} as month,
        coalesce(region, 'unknown') as region,
        coalesce(org, 'unknown') as org,
        coalesce(family, 'unknown') as family,
        coalesce(size_bucket, 'unknown') as size_bucket,
        tokens
    from {{ ref('inference_daily') }}
),

expected as (
    {% for mart, kind, value in tables %}
    select
        '{{ mart }}' as mart,
        month,
        population,
        sum(downloads) as amount,
        sum(cumulative_downloads) as cumulative_amount
    from model_months
    where {{ kind }} = '{{ value }}'
    group by month, population

    union all
    {% endfor %}

    {% for mart, kind in rankings %}
    select
        '{{ mart }}' as mart,
        month,
        'openrouter' as population,
        sum(tokens) as amount,
        null as cumulative_amount
    from ranked
    where {{ kind }} = 'unknown'
    group by month
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

held as (
    {% for mart, kind, value in tables %}
    select
        '{{ mart }}' as mart,
        month,
        population,
        sum(downloads) as amount,
        sum(cumulative_downloads) as cumulative_amount
    from {{ ref(mart) }}
    where {{ kind }} = '{{ value }}'
    group by month, population

    union all
    {% endfor %}

    {% for mart, kind in rankings %}
    select
        '{{ mart }}' as mart,
        month,
        'openrouter' as population,
        sum(tokens) as amount,
        null as cumulative_amount
    from {{ ref(mart) }}
    where {{ kind }} = 'unknown'
    group by month
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select
    coalesce(expected.mart, held.mart) as mart,
    coalesce(expected.month, held.month) as month,
    coalesce(expected.population, held.population) as population,
    expected.amount as expected_amount,
    held.amount as held_amount
from expected
full outer join held
    on
        expected.mart = held.mart
        and expected.month = held.month
        and expected.population = held.population
where
    expected.mart is null
    or held.mart is null
    or expected.amount is distinct from held.amount
    or expected.cumulative_amount is distinct from held.cumulative_amount
