select
    day,
    model_permaslug,
    total_tokens,
    as_of,
    partition,
    load_id
from {{ source('raw', 'openrouter_rankings') }}
