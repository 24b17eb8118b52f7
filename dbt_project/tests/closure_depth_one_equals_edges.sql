-- At depth 1 the closure is the edges without self edges, each pair once.
{{ config(meta={'dagster': {'ref': {'name': 'lineage_closure'}}}) }}
with pairs as (
    select distinct
        child_id,
        parent_id
    from {{ ref('lineage_edges') }}
    where not is_self
),

closure as (
    select
        model_id,
        ancestor_id
    from {{ ref('lineage_closure') }}
    where depth = 1
)

select
    pairs.child_id,
    pairs.parent_id,
    closure.model_id,
    closure.ancestor_id
from pairs
full outer join closure
    on pairs.child_id = closure.model_id and pairs.parent_id = closure.ancestor_id
where pairs.child_id is null or closure.model_id is null
