with stated_parents as (
    select * from {{ ref('stated_parents') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

models as (
    select * from {{ ref('models') }}
),

-- An edge that the latest metadata no longer states is no edge. Two sources may give a name other
-- metadata on one day: its hash tells which of them is the latest.
current_edges as (
    select
        stated_parents.child_key,
        stated_parents.parent_key,
        stated_parents.relation,
        min(stated_parents.day) as first_seen_on
    from stated_parents
    left join metadata
        on
            stated_parents.child_key = metadata.model_key
            and stated_parents.name_key = metadata.name_key
            and stated_parents.day = metadata.day
            and stated_parents.content_key = metadata.content_key
    group by stated_parents.child_key, stated_parents.parent_key, stated_parents.relation
    having count(metadata.model_key) > 0
),

-- "Loaded" asks whether the parent's own parents are known: a counter read from a file does not
-- tell them, yet it shows that the repository exists, so its name is not unresolved.
with_status as (
    select
        current_edges.child_key,
        current_edges.parent_key,
        current_edges.relation,
        case
            when not parents.is_available then 'gone'
            when parent_metadata.model_key is not null then 'loaded'
            when parents.has_hub_oid or parents.has_readings then 'not_loaded'
            else 'unresolved'
        end as parent_status,
        current_edges.child_key = current_edges.parent_key as is_self,
        coalesce(children.org = parents.org, false) as is_first_party,
        current_edges.first_seen_on
    from current_edges
    inner join models as children
        on current_edges.child_key = children.model_key
    inner join models as parents
        on current_edges.parent_key = parents.model_key
    left join metadata as parent_metadata
        on current_edges.parent_key = parent_metadata.model_key
),

final as (
    select
        child_key,
        parent_key,
        relation,
        parent_status,
        parent_status in ('unresolved', 'gone') as is_dangling,
        is_self,
        is_first_party,
        first_seen_on
    from with_status
)

select * from final
