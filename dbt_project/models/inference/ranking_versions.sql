with rankings as (
    select * from {{ ref('stg_openrouter__rankings') }}
),

-- Two files may hold one figure as of one day: the file later by name stands.
ranked as (
    select
        day,
        model_permaslug,
        as_of,
        total_tokens,
        row_number() over (
            partition by day, model_permaslug, as_of
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
