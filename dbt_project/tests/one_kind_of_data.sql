-- Synthetic and real rows never share a warehouse.
{{ config(meta={'dagster': {'ref': {'name': 'stg_loads'}}}) }}

select count(distinct is_synthetic) as kinds
from {{ ref('stg_loads') }}
where status = 'loaded'
having count(distinct is_synthetic) > 1
