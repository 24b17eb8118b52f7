-- Every record that was read was stored, found unchanged, or set aside with a reason.
{{ config(meta={'dagster': {'ref': {'name': 'stg_loads'}}}) }}

with loads as (
    select * from {{ ref('stg_loads') }}
    where status = 'loaded'
),

rejects as (
    select
        load_id,
        count(*) as rejects
    from {{ ref('stg_rejects') }}
    group by load_id
)

select loads.load_id
from loads
left join rejects
    on loads.load_id = rejects.load_id
where
    loads.rows_read != loads.rows_stored + loads.rows_unchanged + loads.rows_rejected
    or loads.rows_rejected != coalesce(rejects.rejects, 0)
