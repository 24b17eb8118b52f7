{{ config(materialized='view') }}

select
    'hub_api' as source,
    1 as source_rank,
    scope,
    name_key,
    day,
    presence,
    downloads_30d,
    downloads_all_time,
    downloads_all_time_before,
    likes,
    days_early
from {{ ref('stg_hub_api__readings') }}

union all

select
    'hub_discovery' as source,
    1 as source_rank,
    scope,
    name_key,
    day,
    presence,
    downloads_30d,
    downloads_all_time,
    downloads_all_time_before,
    likes,
    days_early
from {{ ref('stg_hub_discovery__readings') }}

union all

select
    'hub_stats' as source,
    2 as source_rank,
    scope,
    name_key,
    day,
    presence,
    downloads_30d,
    downloads_all_time,
    downloads_all_time_before,
    likes,
    days_early
from {{ ref('stg_hub_stats__readings') }}
