{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('month_fingerprints'), 'month') }}",
) }}

{% set changed = changed_partitions(ref('month_fingerprints')) %}

with spans as (
    select
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after,
        source,
        scope
    from {{ ref('weighed_spans') }}
    where {{ is_near_partitions('from_day', 'to_day', changed) }}
),

fingerprints as (
    select * from {{ ref('month_fingerprints') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

months as (
    select distinct
        {{ month_start('day') }} as month,
        {{ month_end('day') }} as month_end
    from {{ ref('days') }}
    where {{ is_in_partitions(month_start('day'), changed) }}
),

-- A span cut at the ends of months; counters at both ends of each piece.
pieces as (
    {{ span_pieces('spans', 'months') }}
),

counted as (
    select
        pieces.*,
        case
            when pieces.piece_from = pieces.from_day then pieces.counter_before
            else {{ span_counter('pieces', add_days('pieces.piece_from', -1)) }}
        end as counter_start,
        {{ span_counter('pieces', 'pieces.piece_to') }} as counter_end,
        {{ days_between('pieces.piece_from', 'pieces.piece_to') }} + 1 as days,
        coalesce(ends.observed_days_to_date - starts.observed_days_to_date, 0)
            as flat_days_observed
    from pieces
    left join read_calendar as starts
        on
            pieces.kind = 'flat'
            and pieces.source = starts.source
            and pieces.scope = starts.scope
            and starts.day = {{ add_days('pieces.piece_from', -1) }}
    left join read_calendar as ends
        on
            pieces.kind = 'flat'
            and pieces.source = ends.source
            and pieces.scope = ends.scope
            and ends.day = pieces.piece_to
),

final as (
    select
        counted.model_key,
        counted.month,
        counted.kind,
        counted.piece_from as from_day,
        piece_to as to_day,
        counter_end,
        case when kind = 'opening' then counter_end else 0 end as downloads_before_history,
        case when kind in ('step', 'launch') then greatest(counter_end - counter_start, 0) else 0 end
            as downloads,
        case when kind in ('step', 'launch') then least(counter_end - counter_start, 0) else 0 end
            as adjustment,
        case
            when kind in ('step', 'launch') and from_day < to_day
                then greatest(counter_end - counter_start, 0)
            else 0
        end as downloads_interpolated,
        case
            when kind in ('step', 'launch') and from_day = to_day then 1
            when kind = 'flat' then flat_days_observed
            else 0
        end as days_observed,
        case
            when kind in ('step', 'launch') and from_day < to_day then days
            when kind = 'flat' then days - flat_days_observed
            else 0
        end as days_interpolated,
        case when kind in ('opening', 'carried') then days else 0 end as days_missing,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from counted
    left join fingerprints
        on counted.month = fingerprints.month
)

select * from final
