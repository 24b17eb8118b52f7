{{ config(materialized='view') }}

select
    day,
    downloads_all_time
from {{ ref('hub_readings') }}

union all

select
    day,
    downloads_all_time
from {{ ref('stg_files__readings') }}
