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

-- Complete: the month has ended by the as-of day, and the history reaches back to its eve.
final as (
    select distinct
        {{ month_start('days.day') }} as month,
        {{ month_end('days.day') }} <= as_of.as_of
        and start.history_from < {{ month_start('days.day') }} as is_complete_month
    from days
    cross join as_of
    cross join start
    where days.day <= as_of.as_of
)

select * from final
