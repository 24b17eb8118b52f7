-- concentration_monthly tells of the shares of the tables by region, organisation and family: the
-- largest, the sum of squares, and what nobody holds (`unknown`, models of no family). The
-- tolerance is that of adding up to some ten thousand doubles.
{{ config(meta={'dagster': {'ref': {'name': 'concentration_monthly'}}}) }}

{% set kinds = ['region', 'org', 'family'] %}
with shares as (
    {% for kind in kinds %}
    {% for metric, share in [('downloads', 'share'), ('cumulative_downloads', 'cumulative_share')] %}
    select
        month,
        population,
        '{{ metric }}' as metric,
        '{{ kind }}' as level,
        {{ kind }} in ('unknown', 'none') as is_unattributed,
        {{ share }} as share
    from {{ ref(kind ~ '_downloads_monthly') }}
    where {{ share }} is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

expected as (
    select
        month,
        population,
        metric,
        level,
        max(case when not is_unattributed then share end) as top1_share,
        sum(case when not is_unattributed then share * share end) as hhi,
        coalesce(sum(case when is_unattributed then share end), 0) as unattributed_share
    from shares
    group by month, population, metric, level
),

concentration as (
    select * from {{ ref('concentration_monthly') }}
    where metric in ('downloads', 'cumulative_downloads')
)

select
    coalesce(expected.month, concentration.month) as month,
    coalesce(expected.population, concentration.population) as population,
    coalesce(expected.metric, concentration.metric) as metric,
    coalesce(expected.level, concentration.level) as level
from expected
full outer join concentration
    on
        expected.month = concentration.month
        and expected.population = concentration.population
        and expected.metric = concentration.metric
        and expected.level = concentration.level
where
    expected.month is null
    or concentration.month is null
    or (expected.top1_share is null) != (concentration.top1_share is null)
    or abs(expected.top1_share - concentration.top1_share) > 1e-9
    or abs(expected.hhi - concentration.hhi) > 1e-9
    or abs(expected.unattributed_share - concentration.unattributed_share) > 1e-9
    or concentration.top10_share > 1 - concentration.unattributed_share + 1e-9
