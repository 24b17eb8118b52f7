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

fingerprints as (
    select * from {{ ref('span_fingerprints') }}
),

dates as (
    select * from {{ ref('model_dates') }}
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
        counter_before,
        counter_after,
        source,
        scope
    from {{ ref('weighed_tails') }}
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
