{{ config(materialized='view') }}

-- A row says what the counter was on its day and on the read day before: each is a span of its own,
-- and where no row is nothing changed. Each part reads the rows for itself, and only those it needs:
-- read once for all, the whole Hub's year would be held in memory.
select
    readings.model_key,
    'step' as kind,
    {{ add_days('calendar.read_before', 1) }} as from_day,
    calendar.day as to_day,
    calendar.month as to_month,
    readings.downloads_all_time_before as counter_before,
    readings.downloads_all_time as counter_after
from {{ ref('main_readings') }} as readings
inner join {{ ref('main_calendar') }} as calendar
    on readings.day = calendar.day
where
    readings.presence = 'present'
    and readings.downloads_all_time is not null
    and readings.downloads_all_time_before is not null

union all

-- A launch: 0 at the end of the day before creation. The first read day is asked for as one number, and
-- the month is the reading's: from the calendar, either may be compared with the creation before
-- anything else, which pairs every day with all models.
select
    readings.model_key,
    'launch' as kind,
    dates.created_on as from_day,
    readings.day as to_day,
    {{ month_start('readings.day') }} as to_month,
    0 as counter_before,
    readings.downloads_all_time as counter_after
from {{ ref('main_readings') }} as readings
inner join {{ ref('main_calendar') }} as calendar
    on readings.day = calendar.day
inner join {{ ref('model_dates') }} as dates
    on readings.model_key = dates.model_key
where
    readings.presence = 'present'
    and readings.downloads_all_time is not null
    and readings.downloads_all_time_before is null
    and dates.created_on >= (select min(first_read_on) from {{ ref('main_calendar') }})
    and {{ days_between('dates.created_on', 'readings.day') }} between 0 and {{ var('max_gap_days') }}

union all

-- Where no launch was seen, all of the first counter is before history.
select
    readings.model_key,
    'opening' as kind,
    calendar.day as from_day,
    calendar.day as to_day,
    calendar.month as to_month,
    cast(null as bigint) as counter_before,
    readings.downloads_all_time as counter_after
from {{ ref('main_readings') }} as readings
inner join {{ ref('main_calendar') }} as calendar
    on readings.day = calendar.day
left join {{ ref('model_dates') }} as dates
    on readings.model_key = dates.model_key
where
    readings.presence = 'present'
    and readings.downloads_all_time is not null
    and readings.downloads_all_time_before is null
    and not coalesce(
        dates.created_on >= calendar.first_read_on
        and {{ days_between('dates.created_on', 'readings.day') }}
        between 0 and {{ var('max_gap_days') }},
        false
    )

union all

-- Gone: nothing is known after the last read day that had it.
select
    readings.model_key,
    'end' as kind,
    calendar.read_before as from_day,
    calendar.read_before as to_day,
    {{ month_start('calendar.read_before') }} as to_month,
    readings.downloads_all_time_before as counter_before,
    readings.downloads_all_time_before as counter_after
from {{ ref('main_readings') }} as readings
inner join {{ ref('main_calendar') }} as calendar
    on readings.day = calendar.day
where readings.presence = 'absent' and readings.downloads_all_time_before is not null
