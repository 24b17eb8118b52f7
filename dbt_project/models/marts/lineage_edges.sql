{{ config(materialized=mart_view()) }}

with edges as (
    select * from {{ ref('model_edges') }}
),

components as (
    select * from {{ ref('model_components') }}
),

models as (
    select * from {{ ref('models') }}
),

final as (
    select
        children.model_id as child_id,
        parents.model_id as parent_id,
        edges.relation,
        edges.parent_status,
        edges.is_dangling,
        edges.is_self,
        not edges.is_self
        and child_components.component_key = parent_components.component_key as in_cycle,
        edges.is_first_party,
        edges.first_seen_on
    from edges
    inner join models as children
        on edges.child_key = children.model_key
    inner join models as parents
        on edges.parent_key = parents.model_key
    inner join components as child_components
        on edges.child_key = child_components.model_key
    inner join components as parent_components
        on edges.parent_key = parent_components.model_key
)

select
    child_id,
    parent_id,
    relation,
    parent_status,
    is_dangling,
    is_self,
    in_cycle,
    is_first_party,
    first_seen_on
from final
