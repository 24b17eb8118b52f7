select
    name_key,
    day,
    scope,
    content_hash,
    created_at,
    pipeline_tag,
    library_name,
    tags,
    base_relation,
    base_models,
    parameters_total,
    parameters_by_dtype,
    gguf_total,
    load_id
from {{ source('raw', 'hub_api_metadata') }}
