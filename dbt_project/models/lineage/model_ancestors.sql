{{ config(pre_hook="{{ collect_lineage_closure(ref('model_edges')) }}") }}

with edges as (
    select distinct
        child_key,
        parent_key
    from {{ ref('model_edges') }}
    where not is_self
),

parents as (
    select distinct parent_key as model_key
    from edges
),

-- Most models have no child: recursion over the rest alone is a tenth of the work.
inner_edges as (
    select
        edges.child_key,
        edges.parent_key
    from edges
    inner join parents
        on edges.child_key = parents.model_key
),

inner_closure as (
    {{ lineage_closure('inner_edges') }}
),

leaf_edges as (
    select
        edges.child_key,
        edges.parent_key
    from edges
    left join parents
        on edges.child_key = parents.model_key
    where parents.model_key is null
),

leaf_paths as (
    select
        child_key as model_key,
        parent_key as ancestor_key,
        1 as depth
    from leaf_edges

    union all

    select
        leaf_edges.child_key as model_key,
        inner_closure.ancestor_key,
        inner_closure.depth + 1 as depth
    from leaf_edges
    inner join inner_closure
        on leaf_edges.parent_key = inner_closure.model_key
),

leaf_closure as (
    select
        model_key,
        ancestor_key,
        min(depth) as depth
    from leaf_paths
    group by model_key, ancestor_key
),

final as (
    select
        model_key,
        ancestor_key,
        depth
    from inner_closure

    union all

    select
        model_key,
        ancestor_key,
        depth
    from leaf_closure
)

select * from final
