{{ config(materialized='view') }}

with hub_readings as (
    select * from {{ ref('hub_readings') }}
),

files as (
    select * from {{ ref('stg_files__readings') }}
),

model_keys as (
    select * from {{ ref('weighed_keys') }}
),

all_sources as (
    select
        source,
        source_rank,
        scope,
        name_key,
        day,
        presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early,
        '' as partition
    from hub_readings

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

keyed as (
    select
        model_keys.model_key,
        model_keys.valid_to,
        all_sources.*
    from all_sources
    inner join model_keys
        on
            all_sources.name_key = model_keys.name_key
            and all_sources.day between model_keys.valid_from and model_keys.valid_to
),

-- Only these can stand in one read under several names: nearly all others are passed over.
shared_keys as (
    select model_key
    from model_keys
    group by model_key
    having count(distinct name_key) > 1
),

-- A name without a row on a day that was read completely is unchanged, not gone. Where several
-- names of one model stand in one complete read, each therefore takes part with its last row on
-- every day on which any of them has one.
several_names as (
    select
        keyed.model_key,
        keyed.source,
        keyed.scope
    from keyed
    inner join shared_keys
        on keyed.model_key = shared_keys.model_key
    where keyed.scope != 'rows'
    group by keyed.model_key, keyed.source, keyed.scope
    having count(distinct keyed.name_key) > 1
),

changed_days as (
    select distinct
        keyed.model_key,
        keyed.source,
        keyed.scope,
        keyed.day
    from keyed
    inner join several_names
        on
            keyed.model_key = several_names.model_key
            and keyed.source = several_names.source
            and keyed.scope = several_names.scope
),

last_rows as (
    select
        keyed.*,
        changed_days.day as read_on,
        row_number() over (
            partition by
                keyed.model_key, keyed.source, keyed.scope, keyed.name_key, changed_days.day
            order by keyed.day desc
        ) as recency
    from changed_days
    inner join keyed
        on
            changed_days.model_key = keyed.model_key
            and changed_days.source = keyed.source
            and changed_days.scope = keyed.scope
            and changed_days.day between keyed.day and keyed.valid_to
),

final as (
    select
        keyed.model_key,
        keyed.name_key,
        keyed.day,
        keyed.source,
        keyed.source_rank,
        keyed.scope,
        keyed.presence,
        keyed.downloads_30d,
        keyed.downloads_all_time,
        keyed.likes,
        keyed.days_early,
        keyed.partition
    from keyed
    left join several_names
        on
            keyed.model_key = several_names.model_key
            and keyed.source = several_names.source
            and keyed.scope = several_names.scope
    where several_names.model_key is null

    union all

    select
        model_key,
        name_key,
        read_on as day,
        source,
        source_rank,
        scope,
        presence,
        downloads_30d,
        downloads_all_time,
        likes,
        days_early,
        partition
    from last_rows
    where recency = 1
)

select * from final
