with observations as (
    select * from {{ ref('model_observations') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

dates as (
    select * from {{ ref('model_dates') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- A model absent for long has one row that matters: the first.
transitions as (
    select
        *,
        coalesce(lag(is_counter) over (partition by model_key order by day), false)
            as was_counter
    from observations
),

relevant as (
    select
        *,
        lag(day) over (partition by model_key order by day) as row_before,
        lag(is_counter) over (partition by model_key order by day) as row_before_is_counter,
        lag(read_before) over (partition by model_key order by day) as row_before_read_before,
        lag(downloads_all_time) over (partition by model_key order by day) as counter_before,
        lag(downloads_all_time, 2) over (partition by model_key order by day)
            as counter_before_absence,
        lead(day) over (partition by model_key order by day) as row_after
    from transitions
    where is_counter or was_counter
),

-- The last day before this row on which the counter was known, and what it was.
anchored as (
    select
        *,
        case
            when row_before_is_counter then coalesce(read_before, row_before)
            else row_before_read_before
        end as known_on,
        case when row_before_is_counter then counter_before else counter_before_absence end
            as known_counter
    from relevant
),

firsts as (
    select
        anchored.*,
        dates.created_on,
        coalesce(
            dates.created_on >= anchored.first_read_on
            and {{ days_between('dates.created_on', 'anchored.day') }}
            between 0 and {{ var('max_gap_days') }},
            false
        ) as is_launch
    from anchored
    left join dates
        on anchored.model_key = dates.model_key
    where anchored.known_on is null and anchored.is_counter
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from read_calendar
    cross join as_of
    where is_read and day <= as_of.as_of
    group by source, scope
),

spans as (
    -- The first counter of a model whose launch was not seen: all of it is before history.
    select
        model_key,
        'opening' as kind,
        day as from_day,
        day as to_day,
        cast(null as bigint) as counter_before,
        downloads_all_time as counter_after,
        source,
        scope
    from firsts
    where not is_launch

    union all

    -- A launch: 0 at the end of the day before creation.
    select
        model_key,
        'launch' as kind,
        created_on as from_day,
        day as to_day,
        0 as counter_before,
        downloads_all_time as counter_after,
        source,
        scope
    from firsts
    where is_launch

    union all

    -- From one known counter to the next one.
    select
        model_key,
        'step' as kind,
        {{ add_days('known_on', 1) }} as from_day,
        day as to_day,
        known_counter as counter_before,
        downloads_all_time as counter_after,
        source,
        scope
    from anchored
    where known_on is not null and is_counter

    union all

    -- Read again without a change: from the row to the last read day before the next row.
    select
        model_key,
        'flat' as kind,
        {{ add_days('row_before', 1) }} as from_day,
        read_before as to_day,
        counter_before,
        counter_before as counter_after,
        source,
        scope
    from anchored
    where row_before_is_counter and read_before > row_before

    union all

    -- ... and from the last row to the last read day.
    select
        anchored.model_key,
        'flat' as kind,
        {{ add_days('anchored.day', 1) }} as from_day,
        last_reads.last_read_on as to_day,
        anchored.downloads_all_time as counter_before,
        anchored.downloads_all_time as counter_after,
        anchored.source,
        anchored.scope
    from anchored
    inner join last_reads
        on anchored.source = last_reads.source and anchored.scope = last_reads.scope
    where
        anchored.row_after is null
        and anchored.is_counter
        and last_reads.last_read_on > anchored.day
),

ends as (
    select
        model_key,
        max(to_day) as last_day,
        {{ arg_max('counter_after', 'to_day') }} as counter
    from spans
    group by model_key
),

final as (
    select
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after,
        source,
        scope
    from spans

    union all

    -- After the last reading nothing is extrapolated: the counter is carried.
    select
        ends.model_key,
        'carried' as kind,
        {{ add_days('ends.last_day', 1) }} as from_day,
        as_of.as_of as to_day,
        ends.counter as counter_before,
        ends.counter as counter_after,
        null as source,
        null as scope
    from ends
    cross join as_of
    where ends.last_day < as_of.as_of
)

select * from final
