with catalogue as (
    {{ with_canonical_name(ref('stg_openrouter__catalogue'), 'hugging_face_id') }}
),

-- Several entries (variants) may share one canonical slug: one that names a repository speaks.
entries as (
    select
        read_on,
        {{ dbt.split_part('canonical_slug', "':'", 1) }} as base_slug,
        nullif(canonical_id, '') as repository_id,
        nullif(folded_name, '') as repository_folded_name,
        row_number() over (
            partition by read_on, {{ dbt.split_part('canonical_slug', "':'", 1) }}
            order by
                case when coalesce(hugging_face_id, '') = '' then 1 else 0 end asc,
                slug asc,
                partition desc
        ) as preference
    from catalogue
),

-- A reading of a slug holds until the slug's next reading; its first also for the days before.
final as (
    select
        base_slug,
        read_on,
        repository_id,
        repository_folded_name,
        case
            when row_number() over (partition by base_slug order by read_on) = 1
                then date '1000-01-01'
            else read_on
        end as valid_from,
        coalesce(
            {{ add_days('lead(read_on) over (partition by base_slug order by read_on)', -1) }},
            date '9999-12-31'
        ) as valid_to
    from entries
    where preference = 1
)

select * from final
