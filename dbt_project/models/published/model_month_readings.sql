{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('month_reading_fingerprints'), 'month') }}",
) }}

{% set changed = changed_partitions(ref('month_reading_fingerprints')) %}

with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

as_of as (
    select * from {{ ref('as_of') }}
),

fingerprints as (
    select * from {{ ref('month_reading_fingerprints') }}
),

scopes as (
    select
        scope,
        row_number() over (order by scope desc) as scope_order
    from (select distinct scope from {{ ref('stg_read_days') }}) as named
),

-- A number that orders a model's rows: by day, of one day's the better source, then the scope.
dated as (
    select
        readings.model_key,
        {{ month_start('readings.day') }} as month,
        -- A file's 0 likes is unknown: files of trailing counters write 0 where likes were not
        -- read, for models with millions of downloads.
        case when readings.source = 'files' then nullif(readings.likes, 0) else readings.likes end
            as likes,
        readings.downloads_30d,
        {{ days_between("date '1970-01-01'", 'readings.day') }} * 1000000
        + (9 - readings.source_rank) * 100000 + coalesce(scopes.scope_order, 0) as place
    from {{ ref('model_readings') }} as readings
    inner join models
        on readings.model_key = models.model_key
    left join scopes
        on readings.scope = scopes.scope
    cross join as_of
    where
        readings.day <= as_of.as_of
        and {{ is_near_partitions('readings.day', 'readings.day', changed) }}
        and {{ is_in_partitions(month_start('readings.day'), changed) }}
),

-- Likes and the trailing 30 days at the month's last reading of them.
latest as (
    select
        model_key,
        month,
        {{ arg_max('likes', 'case when likes is not null then place end') }} as likes,
        {{ arg_max('downloads_30d', 'case when downloads_30d is not null then place end') }}
            as downloads_30d
    from dated
    group by model_key, month
),

final as (
    select
        latest.month,
        latest.model_key,
        latest.likes,
        latest.downloads_30d,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from latest
    left join fingerprints
        on latest.month = fingerprints.month
    where latest.likes is not null or latest.downloads_30d is not null
)

select * from final
