{{ config(materialized='view') }}

with reads as (
    select
        read_calendar.day,
        case
            when read_calendar.scope != 'hub'
                then lower(coalesce(aliases.org, read_calendar.scope))
        end as folded_org
    from {{ ref('read_calendar') }} as read_calendar
    left join {{ ref('organization_aliases') }} as aliases
        on lower(read_calendar.scope) = lower(aliases.alias_org)
    -- Files do not know what the Hub shows.
    where read_calendar.is_read and read_calendar.source != 'files'
)

select
    folded_org,
    max(day) as due_on
from reads
group by folded_org
