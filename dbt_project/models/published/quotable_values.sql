{{ config(materialized='view') }}

{% set complete = "is_complete_month" %}
{% set ended = "month in (select month from " ~ ref('complete_months') ~ " where is_complete_month)" %}
{% set before_the_last = "month < (select max(month) from " ~ ref('inference_region_monthly') ~ ")" %}
-- Of the whole Hub's half a million organisations and three million models nobody quotes each.
{% set leading = "(population = 'tracked' or rank <= " ~ var('quotable_max_rank') ~ ")" %}
{% set tracked = "model_id in (select model_id from " ~ ref('dim_models') ~ " where is_tracked)" %}
{% set counts = ['downloads', 'cumulative_downloads'] %}
{% set of_group = ['month', 'population'] %}

{% set figures = [
    ('region_downloads_monthly', of_group + ['region'], counts, complete),
    ('org_downloads_monthly', of_group + ['org'], counts, complete ~ ' and ' ~ leading),
    ('family_downloads_monthly', of_group + ['family'], counts, complete),
    ('bucket_downloads_monthly', of_group + ['size_bucket'], counts, complete),
    ('model_downloads_monthly', ['month', 'model_id'], counts, ended ~ ' and ' ~ tracked),
    ('relative_adoption', ['model_id', 'horizon_days'], ['cumulative_downloads'], 'true'),
    ('release_adoption', ['release_id', 'horizon_days'], ['cumulative_downloads'], 'true'),
    (
        'crossovers',
        ['metric', 'population', 'leader_kind', 'overtaker', 'overtaken', 'crossed_on'],
        ['overtaker_downloads'], "status = 'confirmed'",
    ),
    ('inference_region_monthly', ['month', 'region'], ['tokens'], before_the_last),
    ('inference_org_monthly', ['month', 'org'], ['tokens'], before_the_last),
    (
        'derivatives_monthly',
        ['month', 'attribution', 'filtered', 'base_org', 'family', 'relation'],
        ['new_derivative_models'], 'not is_provisional',
    ),
] %}

{% for mart, keys, fields, condition in figures %}
    {{ figures_as_text(mart, ref(mart), keys, fields, condition) }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
