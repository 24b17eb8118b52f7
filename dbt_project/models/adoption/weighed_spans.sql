{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('span_fingerprints'), 'read_month', [var('max_gap_days')]) }}",
) }}

{% set changed = changed_partitions(
    ref('span_fingerprints'), 'read_month', [var('max_gap_days')]
) %}

with changes as (
    select * from {{ ref('counter_changes') }}
    where {{ is_in_partitions('read_month', changed) }}
),

last_rows as (
    select * from {{ ref('counter_changes') }}
    where row_after is null
),

fingerprints as (
    select * from {{ ref('span_fingerprints') }}
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
    where is_read
    group by source, scope
),

spans as (
    -- The first counter of a model whose launch was not seen: all of it is before history.
    select
        read_month,
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
        read_month,
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
        read_month,
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
        read_month,
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
),

-- After a model's last row: where its counter was last known, and to which day its scope is read.
ends as (
    select
        last_rows.model_key,
        last_rows.is_counter,
        last_rows.source,
        last_rows.scope,
        last_rows.day,
        case
            when last_rows.is_counter then greatest(last_rows.day, last_reads.last_read_on)
            else greatest(last_rows.row_before, last_rows.read_before)
        end as last_day,
        case
            when last_rows.is_counter then last_rows.downloads_all_time
            else last_rows.counter_before
        end as counter
    from last_rows
    left join last_reads
        on last_rows.source = last_reads.source and last_rows.scope = last_reads.scope
),

tails as (
    -- From the last row to the last read day nothing changed.
    select
        model_key,
        'flat' as kind,
        {{ add_days('day', 1) }} as from_day,
        last_day as to_day,
        counter,
        source,
        scope
    from ends
    where is_counter and last_day > day

    union all

    -- After the last reading nothing is extrapolated: the counter is carried.
    select
        ends.model_key,
        'carried' as kind,
        {{ add_days('ends.last_day', 1) }} as from_day,
        as_of.as_of as to_day,
        ends.counter,
        null as source,
        null as scope
    from ends
    cross join as_of
    where ends.last_day < as_of.as_of
),

every_span as (
    select
        read_month,
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

    select
        {{ tail_month() }} as read_month,
        model_key,
        kind,
        from_day,
        to_day,
        counter as counter_before,
        counter as counter_after,
        source,
        scope
    from tails
    where {{ is_in_partitions(tail_month(), changed) }}
),

final as (
    select
        every_span.model_key,
        every_span.kind,
        every_span.from_day,
        every_span.to_day,
        every_span.counter_before,
        every_span.counter_after,
        every_span.source,
        every_span.scope,
        every_span.read_month,
        {{ partition_fingerprint('fingerprints.fingerprint', [var('max_gap_days')]) }} as fingerprint
    from every_span
    left join fingerprints
        on every_span.read_month = fingerprints.month
)

select * from final
