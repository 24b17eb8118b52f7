with rankings as (
    select * from {{ ref('current_rankings') }}
),

catalogue as (
    select * from {{ ref('catalogue_slugs') }}
),

aliases as (
    {{ with_canonical_name(ref('openrouter_slugs'), 'model_id') }}
),

vendors as (
    select * from {{ ref('openrouter_vendors') }}
),

slugs as (
    select distinct
        day,
        base_slug,
        vendor
    from rankings
),

-- An alias row that neither names a repository nor says open or closed matches nothing.
known_aliases as (
    select
        base_slug,
        nullif(canonical_id, '') as repository_id,
        nullif(folded_name, '') as repository_folded_name,
        openness,
        is_embedding,
        coalesce(canonical_id, '') <> '' or openness <> 'unknown' as is_match
    from aliases
),

candidates as (
    select
        slugs.day,
        slugs.base_slug,
        catalogue.repository_id as catalogue_id,
        catalogue.repository_folded_name as catalogue_folded_name,
        known_aliases.repository_id as alias_id,
        known_aliases.repository_folded_name as alias_folded_name,
        known_aliases.openness as alias_openness,
        coalesce(known_aliases.is_match, false) as is_alias,
        known_aliases.is_embedding,
        -- A maker that is on no Hub goes by its vendor's name, if all its models are one or the
        -- other: cover names and routers have makers that are not known.
        coalesce(
            nullif(vendors.org, ''),
            case when vendors.openness in ('open', 'closed') then vendors.vendor end
        ) as vendor_org,
        vendors.openness as vendor_openness
    from slugs
    left join catalogue
        on
            slugs.base_slug = catalogue.base_slug
            and slugs.day between catalogue.valid_from and catalogue.valid_to
    left join known_aliases
        on slugs.base_slug = known_aliases.base_slug
    left join vendors
        on slugs.vendor = vendors.vendor
),

final as (
    select
        day,
        base_slug,
        coalesce(catalogue_id, alias_id) as repository_id,
        coalesce(catalogue_folded_name, alias_folded_name) as repository_folded_name,
        vendor_org,
        case
            when catalogue_id is not null then 'catalogue'
            when is_alias then 'alias'
            when vendor_org is not null then 'vendor'
            else 'none'
        end as match_basis,
        case
            when catalogue_id is not null then 'open'
            when is_alias then alias_openness
            when vendor_openness in ('open', 'closed') then vendor_openness
            else 'unknown'
        end as openness,
        is_embedding
    from candidates
)

select * from final
