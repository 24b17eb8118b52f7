with read_days as (
    select * from {{ ref('stg_read_days') }}
),

-- The days of the Hub's counters. Discovery reads a few models a day and says nothing of the others,
-- and what it lists to an end is coverage only: its days are none of these. OpenRouter and
-- ModelScope are read on days of their own.
final as (
    select
        source,
        scope,
        day,
        bool_or(is_complete) as is_complete
    from read_days
    where source in ('hub_api', 'hub_stats', 'files')
    group by source, scope, day
)

select * from final
