with read_days as (
    select * from {{ ref('stg_read_days') }}
),

-- The read days of models' counters; OpenRouter's rankings are read on days of their own.
final as (
    select
        source,
        scope,
        day,
        bool_or(is_complete) as is_complete
    from read_days
    where source in ('hub_stats', 'files')
    group by source, scope, day
)

select * from final
