with edges as (
    select * from {{ ref('model_edges') }}
    where not is_first_party and not is_self
),

roots as (
    select * from {{ ref('model_roots') }}
),

models as (
    select * from {{ ref('models') }}
),

-- A model's relation is that of its own edges to other organisations' models.
relations as (
    select
        child_key as model_key,
        case when count(distinct relation) > 1 then 'mixed' else min(relation) end as relation
    from edges
    group by child_key
),

direct_bases as (
    select distinct
        child_key as model_key,
        parent_key as base_key
    from edges
),

base_counts as (
    select
        model_key,
        count(*) as base_count
    from direct_bases
    group by model_key
),

ranked as (
    select
        direct_bases.model_key,
        direct_bases.base_key,
        row_number() over (
            partition by direct_bases.model_key
            order by models.model_id
        ) as base_rank
    from direct_bases
    inner join base_counts
        on direct_bases.model_key = base_counts.model_key
    inner join models
        on direct_bases.base_key = models.model_key
    where base_counts.base_count > 1
),

attributed as (
    select
        direct_bases.model_key,
        'direct' as attribution,
        direct_bases.base_key,
        {{ equal_part('coalesce(ranked.base_rank, 1)', 'base_counts.base_count') }} as weight
    from direct_bases
    inner join base_counts
        on direct_bases.model_key = base_counts.model_key
    left join ranked
        on
            direct_bases.model_key = ranked.model_key
            and direct_bases.base_key = ranked.base_key

    union all

    select
        roots.model_key,
        'root' as attribution,
        roots.root_key as base_key,
        roots.weight
    from roots
    inner join relations
        on roots.model_key = relations.model_key
),

final as (
    select
        attributed.model_key,
        attributed.attribution,
        attributed.base_key,
        relations.relation,
        attributed.weight
    from attributed
    inner join relations
        on attributed.model_key = relations.model_key
)

select * from final
