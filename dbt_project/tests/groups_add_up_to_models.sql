-- By region, organisation, family and bucket the sums are those of the models, to the unit:
-- `unknown` and `none` are never lost.
{{ config(meta={'dagster': {'ref': {'name': 'group_shares'}}}) }}

with groups_ as (
    select
        month,
        population,
        group_kind,
        sum(downloads) as downloads,
        sum(adjustment) as adjustment,
        sum(cumulative_downloads) as cumulative_downloads,
        sum(share) as share,
        sum(cumulative_share) as cumulative_share
    from {{ ref('group_shares') }}
    group by month, population, group_kind
),

-- Each model once, not once a population.
model_months as (
    select
        months.month,
        models.is_tracked,
        sum(months.downloads) as downloads,
        sum(months.adjustment) as adjustment,
        sum(months.cumulative_downloads) as cumulative_downloads
    from {{ ref('model_months') }} as months
    inner join {{ ref('models') }} as models
        on months.model_key = models.model_key
    group by months.month, models.is_tracked
),

models as (
    select
        model_months.month,
        populations.population,
        sum(model_months.downloads) as downloads,
        sum(model_months.adjustment) as adjustment,
        sum(model_months.cumulative_downloads) as cumulative_downloads
    from model_months
    inner join (
        select distinct population from {{ ref('model_populations') }}
    ) as populations
        on model_months.is_tracked or populations.population = 'hub'
    group by model_months.month, populations.population
)

select
    models.month,
    models.population,
    kinds.group_kind
from models
cross join (
    {% for kind in ['region', 'org', 'family', 'size_bucket'] %}
    select '{{ kind }}' as group_kind
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
) as kinds
left join groups_
    on
        models.month = groups_.month
        and models.population = groups_.population
        and kinds.group_kind = groups_.group_kind
where
    groups_.downloads is distinct from models.downloads
    or groups_.adjustment is distinct from models.adjustment
    or groups_.cumulative_downloads is distinct from models.cumulative_downloads
    or groups_.month is null
    or abs(groups_.share - 1) > {{ var('share_sum_tolerance') }}
    or abs(groups_.cumulative_share - 1) > {{ var('share_sum_tolerance') }}
