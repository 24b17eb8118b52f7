with edges as (
    select * from {{ ref('model_edges') }}
),

ancestors as (
    select * from {{ ref('model_ancestors') }}
),

components as (
    select * from {{ ref('model_components') }}
),

models as (
    select * from {{ ref('models') }}
),

-- A component with a parent outside is no root.
inner_components as (
    select distinct child_components.component_key
    from edges
    inner join components as child_components
        on edges.child_key = child_components.model_key
    inner join components as parent_components
        on edges.parent_key = parent_components.model_key
    where child_components.component_key <> parent_components.component_key
),

-- A root whose own metadata was never read may have parents that are not known yet.
root_components as (
    select
        components.component_key,
        max(components.component_size) as component_size,
        max(case when components.has_metadata then 0 else 1 end) = 1 as root_is_provisional
    from components
    left join inner_components
        on components.component_key = inner_components.component_key
    where inner_components.component_key is null
    group by components.component_key
),

reached as (
    select
        model_key,
        component_key,
        0 as depth
    from components

    union all

    select
        ancestors.model_key,
        components.component_key,
        ancestors.depth
    from ancestors
    inner join components
        on ancestors.ancestor_key = components.model_key
),

roots as (
    select
        reached.model_key,
        reached.component_key as root_key,
        root_components.component_size > 1 as is_cycle,
        root_components.root_is_provisional,
        min(reached.depth) as depth
    from reached
    inner join root_components
        on reached.component_key = root_components.component_key
    group by
        reached.model_key,
        reached.component_key,
        root_components.component_size,
        root_components.root_is_provisional
),

counts as (
    select
        model_key,
        count(*) as root_count
    from roots
    group by model_key
),

-- Only merges have several roots, so only they need the order of names.
ranked as (
    select
        roots.model_key,
        roots.root_key,
        row_number() over (
            partition by roots.model_key
            order by models.model_id
        ) as root_rank
    from roots
    inner join counts
        on roots.model_key = counts.model_key
    inner join models
        on roots.root_key = models.model_key
    where counts.root_count > 1
),

final as (
    select
        roots.model_key,
        roots.root_key,
        roots.is_cycle,
        {{ equal_part('coalesce(ranked.root_rank, 1)', 'counts.root_count') }} as weight,
        roots.depth,
        roots.root_is_provisional
    from roots
    inner join counts
        on roots.model_key = counts.model_key
    left join ranked
        on roots.model_key = ranked.model_key and roots.root_key = ranked.root_key
)

select * from final
