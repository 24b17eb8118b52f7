{{ config(materialized='view') }}

with readings as (
    select * from {{ ref('stg_modelscope__readings') }}
),

read_days as (
    select distinct
        scope,
        day
    from {{ ref('stg_read_days') }}
    where source = 'modelscope' and is_complete
),

-- The newest day on which ModelScope was read stands for today here.
newest as (
    select max(day) as as_of
    from read_days
),

repositories as (
    select
        modelscope_id,
        scope,
        min(day) as first_row_on
    from readings
    group by modelscope_id, scope
),

-- A read day without a row is unchanged: the newest row up to each read day.
last_rows as (
    select
        repositories.modelscope_id,
        read_days.scope,
        read_days.day,
        max(readings.day) over (
            partition by repositories.modelscope_id, read_days.scope order by read_days.day
        ) as row_day
    from repositories
    inner join read_days
        on repositories.scope = read_days.scope and read_days.day >= repositories.first_row_on
    left join readings
        on
            repositories.modelscope_id = readings.modelscope_id
            and repositories.scope = readings.scope
            and read_days.day = readings.day
),

-- A repository has one owner; should two scopes show it, the first in binary order counts.
counters as (
    select
        last_rows.modelscope_id,
        last_rows.day,
        readings.downloads_all_time,
        row_number() over (
            partition by last_rows.modelscope_id, last_rows.day order by last_rows.scope
        ) as preference
    from last_rows
    inner join readings
        on
            last_rows.modelscope_id = readings.modelscope_id
            and last_rows.scope = readings.scope
            and last_rows.row_day = readings.day
    where readings.presence = 'present' and readings.downloads_all_time is not null
),

known as (
    select
        modelscope_id,
        day,
        downloads_all_time,
        lag(day) over (partition by modelscope_id order by day) as known_on,
        lag(downloads_all_time) over (partition by modelscope_id order by day) as known_counter,
        lead(day) over (partition by modelscope_id order by day) as next_known_on
    from counters
    where preference = 1
),

final as (
    -- The first reading carries the past: no downloads of its own.
    select
        modelscope_id,
        case when known_on is null then 'opening' else 'step' end as kind,
        coalesce({{ add_days('known_on', 1) }}, day) as from_day,
        day as to_day,
        known_counter as counter_before,
        downloads_all_time as counter_after
    from known

    union all

    -- After the last reading nothing is extrapolated: the counter is carried.
    select
        known.modelscope_id,
        'carried' as kind,
        {{ add_days('known.day', 1) }} as from_day,
        newest.as_of as to_day,
        known.downloads_all_time as counter_before,
        known.downloads_all_time as counter_after
    from known
    cross join newest
    where known.next_known_on is null and known.day < newest.as_of
)

select * from final
