with matches as (
    select * from {{ ref('slug_matches') }}
),

named_models as (
    select * from {{ ref('named_models') }}
),

models as (
    select * from {{ ref('models') }}
),

outside_repositories as (
    select * from {{ ref('outside_repositories') }}
),

organizations as (
    select * from {{ ref('organizations') }}
),

embedding_rule as (
    select pattern
    from {{ ref('tracking_name_rules') }}
    where rule = 'embedding'
),

-- A repository's name finds the model that held it on the day, under whatever name it has today.
keyed as (
    select
        matches.day,
        matches.base_slug,
        min(named_models.model_key) as model_key
    from matches
    inner join named_models
        on
            matches.repository_folded_name = named_models.folded_name
            and matches.day between named_models.valid_from and named_models.valid_to
    group by matches.day, matches.base_slug
),

attributed as (
    select
        matches.day,
        matches.base_slug,
        matches.match_basis,
        matches.openness,
        models.model_key,
        coalesce(models.model_id, matches.repository_id) as model_id,
        coalesce(models.org, outside_repositories.org, matches.vendor_org) as org,
        case
            when matches.repository_id is not null
                then coalesce(models.family, outside_repositories.family, 'none')
            when matches.openness = 'closed' then 'none'
            else 'unknown'
        end as family,
        coalesce(
            nullif(models.size_bucket, 'unknown'), outside_repositories.size_bucket, 'unknown'
        ) as size_bucket,
        -- The seed decides; without it the repository's pipeline tag or the slug's wording.
        coalesce(
            matches.is_embedding,
            coalesce(models.pipeline_tag, '') in (
                '{{ var("embedding_pipeline_tags") | join("', '") }}'
            )
            or coalesce({{ regexp_like(
                regexp_remove('matches.base_slug', "'^[^/]+/'"), 'embedding_rule.pattern'
            ) }}, false)
        ) as is_embedding
    from matches
    left join keyed
        on
            matches.day = keyed.day
            and matches.base_slug = keyed.base_slug
    left join models
        on keyed.model_key = models.model_key
    left join outside_repositories
        on matches.repository_folded_name = outside_repositories.folded_name
    left join embedding_rule
        on true
),

final as (
    select
        attributed.day,
        attributed.base_slug,
        attributed.match_basis,
        attributed.openness,
        attributed.is_embedding,
        attributed.model_key,
        attributed.model_id,
        attributed.org,
        coalesce(organizations.region, 'unknown') as region,
        attributed.family,
        attributed.size_bucket
    from attributed
    left join organizations
        on attributed.org = organizations.org
)

select * from final
