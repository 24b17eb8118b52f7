with edges as (
    select * from {{ ref('model_edges') }}
    where not is_self
),

ancestors as (
    select * from {{ ref('model_ancestors') }}
),

models as (
    select * from {{ ref('models') }}
),

children as (
    select
        parent_key as model_key,
        count(distinct child_key) as children,
        count(distinct case when relation = 'finetune' then child_key end) as finetunes,
        count(distinct case when relation = 'adapter' then child_key end) as adapters,
        count(distinct case when relation = 'quantized' then child_key end) as quantizations,
        count(distinct case when relation = 'merge' then child_key end) as merges
    from edges
    group by parent_key
),

-- The closure has each descendant of a model once, by however many paths it comes.
descendants as (
    select
        ancestors.ancestor_key as model_key,
        count(*) as descendants,
        cast(sum(models.downloads_all_time) as bigint) as downloads_of_descendants,
        count(case when models.downloads_all_time is null then 1 end)
            as descendants_without_counter
    from ancestors
    inner join models
        on ancestors.model_key = models.model_key
    group by ancestors.ancestor_key
),

final as (
    select
        children.model_key,
        children.children,
        descendants.descendants,
        children.finetunes,
        children.adapters,
        children.quantizations,
        children.merges,
        descendants.downloads_of_descendants,
        descendants.descendants_without_counter
    from children
    inner join descendants
        on children.model_key = descendants.model_key
)

select * from final
