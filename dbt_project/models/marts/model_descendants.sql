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
        sum(case when models.downloads_all_time is null then 1 else 0 end)
            as descendants_without_counter,
        sum(models.downloads_all_time) as downloads_of_descendants
    from ancestors
    inner join models
        on ancestors.model_key = models.model_key
    group by ancestors.ancestor_key
),

final as (
    select
        models.model_id,
        coalesce(children.children, 0) as children,
        coalesce(descendants.descendants, 0) as descendants,
        coalesce(children.finetunes, 0) as finetunes,
        coalesce(children.adapters, 0) as adapters,
        coalesce(children.quantizations, 0) as quantizations,
        coalesce(children.merges, 0) as merges,
        models.downloads_all_time as downloads_own,
        case
            when
                models.downloads_all_time is not null
                or descendants.downloads_of_descendants is not null
                then
                    coalesce(models.downloads_all_time, 0)
                    + coalesce(descendants.downloads_of_descendants, 0)
        end as downloads_with_descendants,
        coalesce(descendants.descendants_without_counter, 0) as descendants_without_counter
    from models
    left join children
        on models.model_key = children.model_key
    left join descendants
        on models.model_key = descendants.model_key
)

select
    model_id,
    cast(children as bigint) as children,
    cast(descendants as bigint) as descendants,
    cast(finetunes as bigint) as finetunes,
    cast(adapters as bigint) as adapters,
    cast(quantizations as bigint) as quantizations,
    cast(merges as bigint) as merges,
    cast(downloads_own as bigint) as downloads_own,
    cast(downloads_with_descendants as bigint) as downloads_with_descendants,
    cast(descendants_without_counter as bigint) as descendants_without_counter
from final
