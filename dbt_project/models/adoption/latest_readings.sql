with weighed_models as (
    select * from {{ ref('weighed_models') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

main_scope as (
    select * from {{ ref('main_scope') }}
),

calendar as (
    select read_calendar.*
    from read_calendar
    inner join main_scope
        on
            read_calendar.source = main_scope.source
            and read_calendar.scope = main_scope.scope
),

as_of as (
    select * from {{ ref('as_of') }}
),

last_read as (
    select
        max(day) as last_read_on,
        {{ month_start('max(day)') }} as last_month
    from calendar
    where is_read
),

-- The first row of a model is among the few that have no counter before them. One that was first read
-- after the as-of day is known, and has no value yet.
firsts as (
    select
        model_key,
        min(day) as first_reading_on
    from {{ ref('main_readings') }}
    where presence = 'present' and downloads_all_time_before is null
    group by model_key
),

absences as (
    select
        model_key,
        max(day) as absent_on
    from {{ ref('main_readings') }}
    -- Each part reads the rows up to the as-of day for itself: in one place, the whole Hub's year would
    -- be held in memory.
    where presence = 'absent' and day <= (select as_of.as_of from as_of)
    group by model_key
),

-- Who is there has a row in the month of the last read, since each month's first read day has all.
there as (
    select
        readings.model_key,
        {{ arg_max('readings.downloads_30d', 'readings.day') }} as downloads_30d,
        {{ arg_max('readings.likes', 'readings.day') }} as likes
    from {{ ref('main_readings') }} as readings
    inner join last_read
        on readings.day between last_read.last_month and last_read.last_read_on
    where
        readings.presence = 'present'
        and not exists (
            select 1
            from absences
            where absences.model_key = readings.model_key
        )
    group by readings.model_key
),

-- Who was absent once is looked at whole.
absent_once as (
    select
        readings.model_key,
        min(absences.absent_on) as absent_on,
        max(readings.day) as last_row_on,
        {{ arg_max('readings.downloads_30d', 'readings.day') }} as downloads_30d,
        {{ arg_max('readings.likes', 'readings.day') }} as likes
    from {{ ref('main_readings') }} as readings
    inner join absences
        on readings.model_key = absences.model_key
    where readings.presence = 'present' and readings.day <= (select as_of.as_of from as_of)
    group by readings.model_key
),

newest as (
    select
        there.model_key,
        last_read.last_read_on as last_reading_on,
        there.downloads_30d,
        there.likes
    from there
    cross join last_read

    union all

    select
        absent_once.model_key,
        case
            when absent_once.last_row_on > absent_once.absent_on then last_read.last_read_on
            else calendar.read_on_or_before
        end as last_reading_on,
        absent_once.downloads_30d,
        absent_once.likes
    from absent_once
    cross join last_read
    left join calendar
        on calendar.day = {{ add_days('absent_once.absent_on', -1) }}
),

due_reads as (
    select * from {{ ref('due_reads') }}
),

whole_hub as (
    select max(due_on) as due_on
    from due_reads
    where folded_org is null
),

plain as (
    select
        firsts.model_key,
        firsts.first_reading_on,
        newest.last_reading_on,
        newest.downloads_30d,
        newest.likes,
        newest.last_reading_on >= coalesce(whole_hub.due_on, newest.last_reading_on)
        and newest.last_reading_on >= coalesce(organizations.due_on, newest.last_reading_on)
            as is_available
    from firsts
    left join newest
        on firsts.model_key = newest.model_key
    inner join {{ ref('model_identities') }} as identities
        on firsts.model_key = identities.model_key
    cross join whole_hub
    left join due_reads as organizations
        on lower(identities.org) = organizations.folded_org
    where not exists (
        select 1
        from weighed_models
        where weighed_models.model_key = firsts.model_key
    )
),

final as (
    select
        model_key,
        first_reading_on,
        last_reading_on,
        downloads_30d,
        likes,
        is_available
    from plain

    union all

    select
        model_key,
        first_reading_on,
        last_reading_on,
        downloads_30d,
        likes,
        is_available
    from {{ ref('weighed_latest_readings') }}
)

select * from final
