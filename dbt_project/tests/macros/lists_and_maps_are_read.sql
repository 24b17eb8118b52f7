-- unnest_list and integer_tensor_share, on the lists and maps of `raw` itself, whose types no
-- literal that both engines read can have: the tags in a list are as many as in its text, and a
-- map's share of integer tensors lies in [0, 1] and is null only where there is no tensor.
with metadata as (
    select * from {{ source('raw', 'hub_stats_metadata') }}
),

listed as (
    select
        name_key,
        day,
        scope,
        {{ unnest_list('tags') }} as tag
    from metadata
),

tags as (
    select
        name_key,
        day,
        scope,
        count(tag) as tags
    from listed
    group by name_key, day, scope
),

measured as (
    select
        metadata.name_key,
        metadata.parameters_total,
        coalesce(tags.tags, 0) as tags,
        length({{ list_text('metadata.tags') }})
        - length(replace({{ list_text('metadata.tags') }}, ' ', '')) as spaces,
        {{ integer_tensor_share('metadata.parameters_by_dtype') }} as integer_share
    from metadata
    left join tags
        on
            metadata.name_key = tags.name_key
            and metadata.day = tags.day
            and metadata.scope = tags.scope
    where {{ list_text('metadata.tags') }} is not null
)

select * from measured
where
    (tags > 0 and spaces < tags + 1)
    or integer_share < 0
    or integer_share > 1
