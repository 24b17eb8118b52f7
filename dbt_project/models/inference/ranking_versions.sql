with rankings as (
    select * from {{ ref('stg_openrouter__rankings') }}
),

-- Two partitions may hold a day as of one day: the later by name stands, whole. A model that only
-- the other one lists has become part of this one's `other`.
ranked as (
    select
        day,
        model_permaslug,
        as_of,
        total_tokens,
        dense_rank() over (
            partition by day, as_of
            order by partition desc, load_id desc
        ) as preference
    from rankings
),

final as (
    select
        day,
        model_permaslug,
        as_of,
        total_tokens as tokens
    from ranked
    where preference = 1
)

select * from final
