with readings as (
    select * from {{ ref('model_readings') }}
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

-- The newest row of each source, and the last day on which it held.
latest as (
    select
        readings.*,
        row_number() over (
            partition by readings.model_key, readings.source, readings.scope
            order by readings.day desc
        ) as recency
    from readings
),

held as (
    select
        latest.*,
        case
            when latest.presence != 'present' then null
            else greatest(latest.day, coalesce(last_reads.last_read_on, latest.day))
        end as present_until
    from latest
    left join last_reads
        on latest.source = last_reads.source and latest.scope = last_reads.scope
    where latest.recency = 1
),

firsts as (
    select
        model_key,
        min(day) as first_reading_on,
        max(day) as last_row_on
    from readings
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

counters as (
    select
        model_key,
        {{ arg_max('downloads_30d', 'case when downloads_30d is not null then day end') }}
            as downloads_30d,
        {{ arg_max('likes', 'case when likes is not null then day end') }} as likes
    from readings
    group by model_key
),

final as (
    select
        firsts.model_key,
        firsts.first_reading_on,
        greatest(
            firsts.last_row_on, max(held.present_until), max(absences.last_present_on)
        ) as last_reading_on,
        max(counters.downloads_30d) as downloads_30d,
        max(counters.likes) as likes,
        bool_or(held.source != 'files') as is_on_hub,
        -- Availability is what the Hub's own listing said last; files do not know it.
        bool_and(case when held.source != 'files' then held.presence != 'absent' end)
            as is_available
    from firsts
    inner join held
        on firsts.model_key = held.model_key
    left join absences
        on firsts.model_key = absences.model_key
    left join counters
        on firsts.model_key = counters.model_key
    group by firsts.model_key, firsts.first_reading_on, firsts.last_row_on
)

select * from final
