with matches as (
    select * from {{ ref('slug_matches') }}
),

seed_sizes as (
    {{ one_row_per_name(ref('model_sizes'), 'model_id') }}
),

atom_sizes as (
    {{ one_row_per_name(ref('stg_tracked_models__parameters'), 'model_id') }}
),

families as (
    select * from {{ ref('families') }}
),

size_buckets as (
    select * from {{ ref('size_buckets') }}
),

-- The spelling of one repository may differ between catalogue and seed.
repositories as (
    select
        repository_folded_name as folded_name,
        min(repository_id) as repository_id
    from matches
    where repository_folded_name is not null
    group by repository_folded_name
),

named as (
    select
        folded_name,
        repository_id,
        {{ dbt.split_part('repository_id', "'/'", 1) }} as org,
        substr(repository_id, {{ dbt.position("'/'", 'repository_id') }} + 1) as name
    from repositories
),

sized as (
    select
        named.folded_name,
        coalesce(
            seed_sizes.parameters_total,
            case
                when coalesce(atom_sizes.notes, '') not like '%Legacy%'
                    then atom_sizes.parameters_total
            end,
            {{ parameters_from_name('named.name') }}
        ) as parameters_total
    from named
    left join seed_sizes
        on named.folded_name = seed_sizes.folded_name
    left join atom_sizes
        on named.folded_name = atom_sizes.folded_name
),

family_matches as (
    select
        named.folded_name,
        families.family,
        row_number() over (
            partition by named.folded_name
            order by families.priority
        ) as preference
    from named
    inner join families
        on
            (named.org = families.org or coalesce(families.org, '') = '')
            and {{ regexp_like('named.name', 'families.pattern') }}
),

final as (
    select
        named.folded_name,
        named.org,
        family_matches.family,
        coalesce(size_buckets.size_bucket, 'unknown') as size_bucket
    from named
    left join sized
        on named.folded_name = sized.folded_name
    left join family_matches
        on named.folded_name = family_matches.folded_name and family_matches.preference = 1
    left join size_buckets
        on
            sized.parameters_total >= size_buckets.min_parameters
            and sized.parameters_total
            < coalesce(size_buckets.max_parameters, 9223372036854775807)
)

select * from final
