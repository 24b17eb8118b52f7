{{ config(materialized='view') }}

with readings as (
    select weighed_readings.*
    from {{ ref('weighed_readings') }} as weighed_readings
    inner join {{ ref('as_of') }} as as_of
        on weighed_readings.day <= as_of.as_of
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

due_reads as (
    select * from {{ ref('due_reads') }}
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from read_calendar
    where is_read
    group by source, scope
),

-- A record that was rejected was shown: only a row that says absent is none.
scope_readings as (
    select
        model_key,
        source,
        scope,
        max(day) as last_row_on,
        max(case when presence != 'absent' then day end) as last_shown_row_on
    from readings
    group by model_key, source, scope
),

-- The first of the rows that say absent at the end of a scope's rows.
disappearances as (
    select
        readings.model_key,
        readings.source,
        readings.scope,
        min(readings.day) as absent_on
    from readings
    inner join scope_readings
        on
            readings.model_key = scope_readings.model_key
            and readings.source = scope_readings.source
            and readings.scope = scope_readings.scope
            and readings.day > scope_readings.last_shown_row_on
    where readings.presence = 'absent'
    group by readings.model_key, readings.source, readings.scope
),

-- When the Hub showed a model for the last time, in any scope: on the last read day of a scope that
-- has it, else on the last one before it was absent.
shown as (
    select
        scope_readings.model_key,
        greatest(
            scope_readings.last_row_on,
            coalesce(last_reads.last_read_on, scope_readings.last_row_on)
        ) as shown_on
    from scope_readings
    left join last_reads
        on scope_readings.source = last_reads.source and scope_readings.scope = last_reads.scope
    where
        scope_readings.source != 'files'
        and scope_readings.last_shown_row_on = scope_readings.last_row_on

    union all

    select
        disappearances.model_key,
        read_calendar.read_on_or_before as shown_on
    from disappearances
    inner join read_calendar
        on
            disappearances.source = read_calendar.source
            and disappearances.scope = read_calendar.scope
            and read_calendar.day = {{ add_days('disappearances.absent_on', -1) }}
    where disappearances.source != 'files'
),

last_shown as (
    select
        model_key,
        max(shown_on) as shown_on
    from shown
    group by model_key
),

on_hub as (
    select distinct model_key
    from scope_readings
    where source != 'files'
),

whole_hub as (
    select max(due_on) as due_on
    from due_reads
    where folded_org is null
)

-- Due is a read of the whole Hub, or of the organisation that a model belongs to today: the one it
-- moved away from need not show it. In one read absent, in another of that day present: it is there.
select
    on_hub.model_key,
    coalesce(
        last_shown.shown_on >= coalesce(whole_hub.due_on, last_shown.shown_on)
        and last_shown.shown_on >= coalesce(organizations.due_on, last_shown.shown_on),
        false
    ) as is_available
from on_hub
left join last_shown
    on on_hub.model_key = last_shown.model_key
left join {{ ref('model_identities') }} as identities
    on on_hub.model_key = identities.model_key
cross join whole_hub
left join due_reads as organizations
    on lower(identities.org) = organizations.folded_org
