with model_months as (
    select * from {{ ref('model_months') }}
),

populations as (
    select * from {{ ref('model_populations') }}
),

{% set kinds = {
    'region': 'populations.region',
    'org': 'populations.org',
    'family': "coalesce(populations.family, 'none')",
    'size_bucket': 'populations.size_bucket',
} %}
grouped as (
    {% for kind, member in kinds.items() %}
    select
        model_months.month,
        populations.population,
        '{{ kind }}' as group_kind,
        {{ member }} as group_member,
        cast(sum(model_months.downloads) as bigint) as downloads,
        cast(sum(model_months.adjustment) as bigint) as adjustment,
        cast(sum(model_months.cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(model_months.downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(model_months.downloads_before_history) as bigint) as newly_covered,
        count(*) as models,
        count(case when model_months.is_carried then 1 end) as models_carried
    from model_months
    inner join populations
        on model_months.model_key = populations.model_key
    group by model_months.month, populations.population, {{ member }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select * from grouped
