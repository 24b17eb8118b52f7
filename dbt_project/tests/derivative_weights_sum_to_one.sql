-- A derivative counts 1 in each attribution, exactly.
{{ config(meta={'dagster': {'ref': {'name': 'derivative_bases'}}}) }}
select
    model_key,
    attribution,
    sum(weight) as weights
from {{ ref('derivative_bases') }}
group by model_key, attribution
having sum(weight) <> 1
