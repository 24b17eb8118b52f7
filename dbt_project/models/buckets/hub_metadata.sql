{{ config(materialized='view') }}

select
    'hub_api' as source,
    1 as source_rank,
    scope,
    name_key,
    day,
    content_hash,
    {{ row_hash(['content_hash']) }} as content_key,
    created_at,
    pipeline_tag,
    library_name,
    tags,
    base_relation,
    base_models,
    parameters_total,
    parameters_by_dtype
from {{ ref('stg_hub_api__metadata') }}

union all

select
    'hub_discovery' as source,
    1 as source_rank,
    scope,
    name_key,
    day,
    content_hash,
    {{ row_hash(['content_hash']) }} as content_key,
    created_at,
    pipeline_tag,
    library_name,
    tags,
    base_relation,
    base_models,
    parameters_total,
    parameters_by_dtype
from {{ ref('stg_hub_discovery__metadata') }}

union all

select
    'hub_stats' as source,
    2 as source_rank,
    scope,
    name_key,
    day,
    content_hash,
    {{ row_hash(['content_hash']) }} as content_key,
    created_at,
    pipeline_tag,
    library_name,
    tags,
    base_relation,
    base_models,
    parameters_total,
    parameters_by_dtype
from {{ ref('stg_hub_stats__metadata') }}
