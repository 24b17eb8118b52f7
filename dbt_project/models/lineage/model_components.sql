with ancestors as (
    select * from {{ ref('model_ancestors') }}
),

models as (
    select * from {{ ref('models') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

-- Two models that are each other's ancestor lie on one cycle.
mutual as (
    select
        ancestors.model_key,
        ancestors.ancestor_key as member_key
    from ancestors
    inner join ancestors as back
        on
            ancestors.model_key = back.ancestor_key
            and ancestors.ancestor_key = back.model_key
),

members as (
    select
        model_key,
        member_key
    from mutual

    union all

    select distinct
        model_key,
        model_key as member_key
    from mutual
),

ranked as (
    select
        members.model_key,
        members.member_key,
        count(*) over (partition by members.model_key) as component_size,
        row_number() over (
            partition by members.model_key
            order by models.model_id
        ) as member_rank
    from members
    inner join models
        on members.member_key = models.model_key
),

final as (
    select
        models.model_key,
        coalesce(ranked.member_key, models.model_key) as component_key,
        cast(coalesce(ranked.component_size, 1) as integer) as component_size,
        metadata.model_key is not null as has_metadata
    from models
    left join ranked
        on models.model_key = ranked.model_key and ranked.member_rank = 1
    left join metadata
        on models.model_key = metadata.model_key
)

select * from final
