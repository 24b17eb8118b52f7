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

identities as (
    select * from {{ ref('model_identities') }}
),

organization_aliases as (
    select * from {{ ref('organization_aliases') }}
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

-- One pass over all of them: the newest row of each source and scope, and each counter's newest
-- value.
scope_readings as (
    select
        model_key,
        source,
        source_rank,
        scope,
        max(day) as day,
        {{ arg_max('presence', 'day') }} as presence,
        max(case when presence = 'present' then day end) as last_present_on,
        max(case when presence != 'absent' then day end) as last_row_of_presence,
        {{ arg_max('downloads_30d', 'case when downloads_30d is not null then day end') }}
            as downloads_30d,
        max(case when downloads_30d is not null then day end) as downloads_30d_on,
        {{ arg_max('likes', 'case when likes is not null then day end') }} as likes,
        max(case when likes is not null then day end) as likes_on
    from readings
    group by model_key, source, source_rank, scope
),

-- ... and the last day on which the newest row held.
held as (
    select
        scope_readings.model_key,
        scope_readings.source,
        scope_readings.scope,
        scope_readings.day,
        scope_readings.presence,
        last_reads.last_read_on,
        case
            when scope_readings.presence != 'present' then null
            else greatest(
                scope_readings.day, coalesce(last_reads.last_read_on, scope_readings.day)
            )
        end as present_until
    from scope_readings
    left join last_reads
        on scope_readings.source = last_reads.source and scope_readings.scope = last_reads.scope
),

-- A model that was first read after the as-of day is known, and has no value yet.
firsts as (
    select
        model_key,
        min(day) as first_reading_on
    from {{ ref('weighed_readings') }}
    where presence = 'present'
    group by model_key
),

last_rows as (
    select
        model_key,
        max(last_present_on) as last_row_on
    from scope_readings
    group by model_key
),

absences as (
    select
        readings.model_key,
        max(read_calendar.read_on_or_before) as last_present_on
    from readings
    inner join read_calendar
        on
            readings.source = read_calendar.source
            and readings.scope = read_calendar.scope
            and read_calendar.day = {{ add_days('readings.day', -1) }}
    where readings.presence != 'present'
    group by readings.model_key
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
            and readings.day > scope_readings.last_row_of_presence
    where readings.presence = 'absent'
    group by readings.model_key, readings.source, readings.scope
),

-- When the Hub showed a model for the last time, in any scope: on the last read day of a scope that
-- has it, else on the last one before it was absent. A rejected record was shown.
shown as (
    select
        held.model_key,
        max(greatest(held.day, coalesce(held.last_read_on, held.day))) as shown_on
    from held
    where held.source != 'files' and held.presence != 'absent'
    group by held.model_key

    union all

    select
        disappearances.model_key,
        max(read_calendar.read_on_or_before) as shown_on
    from disappearances
    inner join read_calendar
        on
            disappearances.source = read_calendar.source
            and disappearances.scope = read_calendar.scope
            and read_calendar.day = {{ add_days('disappearances.absent_on', -1) }}
    where disappearances.source != 'files'
    group by disappearances.model_key
),

last_shown as (
    select
        model_key,
        max(shown_on) as shown_on
    from shown
    group by model_key
),

-- The organisation whose complete read a scope is, under its present name.
scope_organizations as (
    select
        last_reads.source,
        last_reads.scope,
        last_reads.last_read_on,
        lower(coalesce(organization_aliases.org, last_reads.scope)) as folded_org
    from last_reads
    left join organization_aliases
        on lower(last_reads.scope) = lower(organization_aliases.alias_org)
    where last_reads.source != 'files'
),

-- The last complete read that would have to show a model: of the whole Hub, or of the organisation
-- that it belongs to today. The one it moved away from need not show it.
due as (
    select
        last_shown.model_key,
        max(scope_organizations.last_read_on) as due_on
    from last_shown
    cross join scope_organizations
    where scope_organizations.scope = 'hub'
    group by last_shown.model_key

    union all

    select
        identities.model_key,
        max(scope_organizations.last_read_on) as due_on
    from identities
    inner join scope_organizations
        on lower(identities.org) = scope_organizations.folded_org
    group by identities.model_key
),

last_due as (
    select
        model_key,
        max(due_on) as due_on
    from due
    group by model_key
),

availability as (
    select
        last_shown.model_key,
        -- In one read absent, in another of that day present: a model that moved is there.
        coalesce(last_shown.shown_on >= last_due.due_on, true) as is_available
    from last_shown
    left join last_due
        on last_shown.model_key = last_due.model_key
),

-- Each counter's newest value; of one day's the one that is believed first.
{% set fields = ['downloads_30d', 'likes'] %}
ranked_counters as (
    select
        *{% for field in fields %},
        row_number() over (
            partition by model_key
            order by
                {{ field }}_on desc nulls last,
                source_rank,
                source,
                case when scope = 'rows' then 1 else 0 end,
                scope
        ) as {{ field }}_preference{% endfor %}
    from scope_readings
),

counters as (
    select
        model_key,
        max(case when downloads_30d_preference = 1 then downloads_30d end) as downloads_30d,
        max(case when likes_preference = 1 then likes end) as likes
    from ranked_counters
    group by model_key
),

readings_by_model as (
    select
        model_key,
        max(present_until) as present_until,
        bool_or(source != 'files') as is_on_hub
    from held
    group by model_key
),

final as (
    select
        firsts.model_key,
        firsts.first_reading_on,
        greatest(
            last_rows.last_row_on, readings_by_model.present_until, absences.last_present_on
        ) as last_reading_on,
        counters.downloads_30d,
        counters.likes,
        -- Files do not know what the Hub shows.
        case
            when readings_by_model.is_on_hub then coalesce(availability.is_available, false)
        end as is_available
    from firsts
    left join last_rows
        on firsts.model_key = last_rows.model_key
    left join readings_by_model
        on firsts.model_key = readings_by_model.model_key
    left join absences
        on firsts.model_key = absences.model_key
    left join availability
        on firsts.model_key = availability.model_key
    left join counters
        on firsts.model_key = counters.model_key
)

select * from final
