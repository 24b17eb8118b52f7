-- A model's weights over its roots are parts of one, exactly.
{{ config(meta={'dagster': {'ref': {'name': 'lineage_roots'}}}) }}
select
    model_id,
    sum(weight) as weights
from {{ ref('lineage_roots') }}
group by model_id
having sum(weight) <> 1
