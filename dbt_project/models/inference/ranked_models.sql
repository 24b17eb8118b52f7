with rankings as (
    select * from {{ ref('current_rankings') }}
),

slug_models as (
    select * from {{ ref('slug_models') }}
),

final as (
    select
        rankings.day,
        rankings.model_permaslug,
        rankings.as_of,
        rankings.tokens,
        rankings.base_slug,
        rankings.variant,
        slug_models.model_id,
        slug_models.match_basis,
        slug_models.openness,
        slug_models.is_embedding,
        slug_models.org,
        slug_models.region,
        slug_models.family,
        slug_models.size_bucket
    from rankings
    inner join slug_models
        on
            rankings.day = slug_models.day
            and rankings.base_slug = slug_models.base_slug
)

select * from final
