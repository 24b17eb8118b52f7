with read_days as (
    select * from {{ ref('stg_read_days') }}
    where is_complete and source in ('hub_api', 'hub_stats')
),

-- The scope with most models: the whole Hub, where it is read.
final as (
    select
        source,
        scope
    from read_days
    group by source, scope
    order by max(models_read) desc, source, scope
    limit 1
)

select * from final
