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
-- All models' months are read once, and by number: names are not what is asked for.
with model_months as (
    select
        months.month,
        models.is_tracked,
        models.region,
        models.size_bucket,
        coalesce(models.family, 'none') as family,
        sum(months.downloads) as downloads,
        sum(months.cumulative_downloads) as cumulative_downloads
    from {{ ref('model_months') }} as months
    inner join {{ ref('models') }} as models
        on months.model_key = models.model_key
    group by months.month, models.is_tracked, models.region, models.size_bucket, models.family
),

population_months as (
    select
        populations.population,
        model_months.*
    from model_months
    inner join (select distinct population from {{ ref('region_downloads_monthly') }}) as populations
        on model_months.is_tracked or populations.population = 'hub'
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
    from population_months
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
