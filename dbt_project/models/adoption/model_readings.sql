with hub_stats as (
    select * from {{ ref('stg_hub_stats__readings') }}
),

files as (
    select * from {{ ref('stg_files__readings') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

model_identities as (
    select * from {{ ref('model_identities') }}
),

names as (
    select * from {{ ref('stg_model_names') }}
),

all_sources as (
    select
        'hub_stats' as source,
        2 as source_rank,
        scope,
        name_key,
        day,
        presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early,
        '' as partition
    from hub_stats

    union all

    select
        'files' as source,
        3 as source_rank,
        'rows' as scope,
        name_key,
        day,
        'present' as presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early,
        partition
    from files
),

-- Two names of one model on one day count once: the one that is present, then the one spelled
-- as today.
ranked as (
    select
        model_keys.model_key,
        all_sources.*,
        row_number() over (
            partition by
                model_keys.model_key, all_sources.source, all_sources.scope, all_sources.day
            order by
                case all_sources.presence when 'present' then 0 when 'unknown' then 1 else 2 end,
                case when names.model_id = model_identities.model_id then 0 else 1 end,
                names.model_id,
                all_sources.partition desc
        ) as preference
    from all_sources
    inner join model_keys
        on
            all_sources.name_key = model_keys.name_key
            and all_sources.day between model_keys.valid_from and model_keys.valid_to
    inner join model_identities
        on model_keys.model_key = model_identities.model_key
    inner join names
        on all_sources.name_key = names.name_key
),

final as (
    select
        model_key,
        day,
        source,
        source_rank,
        scope,
        presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early
    from ranked
    where preference = 1
)

select * from final
