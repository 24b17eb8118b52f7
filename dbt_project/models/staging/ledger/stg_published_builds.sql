select
    build_id,
    published_at
from {{ source('raw', 'published_builds') }}
