-- One step on from any ancestor leads to an ancestor again, at most one deeper. Holds only when
-- the recursion ran to its end.
{{ config(meta={'dagster': {'ref': {'name': 'model_ancestors'}}}) }}
with edges as (
    select distinct
        child_key,
        parent_key
    from {{ ref('model_edges') }}
    where not is_self
),

ancestors as (
    select * from {{ ref('model_ancestors') }}
)

select
    ancestors.model_key,
    edges.parent_key,
    ancestors.depth
from ancestors
inner join edges
    on ancestors.ancestor_key = edges.child_key
left join ancestors as farther
    on
        ancestors.model_key = farther.model_key
        and edges.parent_key = farther.ancestor_key
where
    edges.parent_key <> ancestors.model_key
    and (farther.depth is null or farther.depth > ancestors.depth + 1)
