with days as (
    select * from {{ ref('days') }}
),

readings as (
    select from_day from {{ ref('weighed_spans') }}

    union all

    select first_day as from_day from {{ ref('plain_fingerprints') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

start as (
    select min(from_day) as history_from
    from readings
),

-- Organisations read one by one say nothing of the whole Hub: that has its own last read day.
whole_hub as (
    select
        min(day) as first_read_on,
        max(day) as last_read_on
    from {{ ref('read_calendar') }}
    where is_read and scope = 'hub' and source in ('hub_api', 'hub_stats')
),

-- Complete: the month has ended by the last day that is known, and the history reaches back to its
-- eve.
final as (
    select distinct
        {{ month_start('days.day') }} as month,
        {{ month_end('days.day') }} <= as_of.as_of
        and start.history_from < {{ month_start('days.day') }} as is_complete_month,
        coalesce(
            {{ month_end('days.day') }} <= whole_hub.last_read_on
            and start.history_from < {{ month_start('days.day') }}
            and whole_hub.first_read_on < {{ month_start('days.day') }},
            false
        ) as is_complete_hub_month
    from days
    cross join as_of
    cross join start
    cross join whole_hub
    where days.day <= as_of.as_of
)

select * from final
