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
        {{ arg_max('downloads_30d', 'case when downloads_30d is not null then day end') }}
            as downloads_30d,
        max(case when downloads_30d is not null then day end) as downloads_30d_on,
        {{ arg_max('likes', 'case when likes is not null then day end') }} as likes,
        max(case when likes is not null then day end) as likes_on
    from readings
    group by model_key, source, source_rank, scope
),

-- ... and the last day on which a row that is there held.
held as (
    select
        scope_readings.model_key,
        max(scope_readings.last_present_on) as last_row_on,
        max(
            case
                when scope_readings.presence = 'present'
                    then greatest(
                        scope_readings.day, coalesce(last_reads.last_read_on, scope_readings.day)
                    )
            end
        ) as present_until
    from scope_readings
    left join last_reads
        on scope_readings.source = last_reads.source and scope_readings.scope = last_reads.scope
    group by scope_readings.model_key
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

final as (
    select
        firsts.model_key,
        firsts.first_reading_on,
        greatest(held.last_row_on, held.present_until, absences.last_present_on) as last_reading_on,
        counters.downloads_30d,
        counters.likes,
        availability.is_available
    from firsts
    left join held
        on firsts.model_key = held.model_key
    left join absences
        on firsts.model_key = absences.model_key
    left join counters
        on firsts.model_key = counters.model_key
    left join {{ ref('weighed_availability') }} as availability
        on firsts.model_key = availability.model_key
)

select * from final
