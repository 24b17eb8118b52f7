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
members as (
    select
        model_months.*,
        populations.population
        {% for kind, member in kinds.items() %}, {{ member }} as {{ kind }}{% endfor %}
    from model_months
    inner join populations
        on model_months.model_key = populations.model_key
),

-- One pass for all kinds of group.
grouped as (
    select
        month,
        population,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then '{{ kind }}' {% endfor %}
        end as group_kind,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then {{ kind }} {% endfor %}
        end as group_member,
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(sum(cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(downloads_before_history) as bigint) as newly_covered,
        count(*) as models,
        count(case when is_carried then 1 end) as models_carried
    from members
    group by grouping sets (
        {% for kind in kinds %}
        (month, population, {{ kind }}){% if not loop.last %},{% endif %}
        {% endfor %}
    )
)

select * from grouped
