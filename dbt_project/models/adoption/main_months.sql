{{ config(materialized='view') }}

with calendar as (
    select * from {{ ref('main_calendar') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- The last known day of each month, and the last one that counts.
months as (
    select
        fingerprints.month,
        {{ month_end('fingerprints.month') }} as month_end,
        fingerprints.fingerprint,
        least(max(calendar.last_read_on), {{ month_end('fingerprints.month') }}) as known_to,
        least(min(as_of.as_of), {{ month_end('fingerprints.month') }}) as counted_to,
        max(calendar.last_read_on) as last_read_on,
        coalesce(max(case
            when calendar.day <= {{ month_end('fingerprints.month') }}
                then calendar.observed_days_to_date
        end), 0)
        - coalesce(max(case
            when calendar.day < fingerprints.month then calendar.observed_days_to_date
        end), 0) as observed_days
    from {{ ref('plain_fingerprints') }} as fingerprints
    cross join calendar
    cross join as_of
    group by fingerprints.month, fingerprints.fingerprint
)

select
    month,
    month_end,
    fingerprint,
    known_to,
    counted_to,
    last_read_on,
    observed_days,
    known_to < counted_to as is_carried
from months
