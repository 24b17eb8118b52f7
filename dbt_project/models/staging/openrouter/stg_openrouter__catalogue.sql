select
    read_on,
    slug,
    canonical_slug,
    hugging_face_id,
    name,
    created_at,
    context_length,
    partition,
    load_id
from {{ source('raw', 'openrouter_catalogue') }}
