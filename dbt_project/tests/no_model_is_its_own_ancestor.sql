-- On a cycle or with a self edge neither.
{{ config(meta={'dagster': {'ref': {'name': 'lineage_closure'}}}) }}
select
    model_id,
    depth
from {{ ref('lineage_closure') }}
where model_id = ancestor_id
