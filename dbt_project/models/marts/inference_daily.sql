with ranked_models as (
    select * from {{ ref('ranked_models') }}
),

final as (
    select
        *,
        tokens / nullif(cast(sum(tokens) over (partition by day) as double), 0) as share
    from ranked_models
)

select
    day,
    model_permaslug,
    tokens,
    share,
    base_slug,
    variant,
    model_id,
    match_basis,
    openness,
    is_embedding,
    org,
    region,
    family,
    size_bucket,
    as_of
from final
