with changes as (
    select * from {{ ref('counter_changes') }}
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

firsts as (
    select
        changes.*,
        dates.created_on,
        coalesce(
            dates.created_on >= changes.first_read_on
            and {{ days_between('dates.created_on', 'changes.day') }}
            between 0 and {{ var('max_gap_days') }},
            false
        ) as is_launch
    from changes
    left join dates
        on changes.model_key = dates.model_key
    where changes.known_on is null and changes.is_counter
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
    from changes
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
        source_before as source,
        scope_before as scope
    from changes
    where row_before_is_counter and read_before > row_before

    union all

    -- ... and from the last row to the last read day.
    select
        changes.model_key,
        'flat' as kind,
        {{ add_days('changes.day', 1) }} as from_day,
        last_reads.last_read_on as to_day,
        changes.downloads_all_time as counter_before,
        changes.downloads_all_time as counter_after,
        changes.source,
        changes.scope
    from changes
    inner join last_reads
        on changes.source = last_reads.source and changes.scope = last_reads.scope
    where
        changes.row_after is null
        and changes.is_counter
        and last_reads.last_read_on > changes.day
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
