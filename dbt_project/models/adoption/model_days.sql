{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('tracked_fingerprints'), 'month') }}",
) }}

{% set changed = changed_partitions(ref('tracked_fingerprints')) %}

with fingerprints as (
    select * from {{ ref('tracked_fingerprints') }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

calendar as (
    select * from {{ ref('days') }}
    where {{ is_in_partitions(month_start('day'), changed) }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

-- Nearly all spans are of one day, and need no calendar.
span_days as (
    select
        spans.*,
        spans.to_day as day
    from {{ ref('counter_spans') }} as spans
    inner join models
        on spans.model_key = models.model_key
    where
        spans.from_day = spans.to_day
        and {{ is_near_partitions('spans.to_day', 'spans.to_day', changed) }}
        and {{ is_in_partitions(month_start('spans.to_day'), changed) }}

    union all

    select
        spans.*,
        calendar.day
    from {{ ref('counter_spans') }} as spans
    inner join models
        on spans.model_key = models.model_key
    inner join calendar
        on calendar.day between spans.from_day and spans.to_day
    where
        spans.from_day < spans.to_day
        and {{ is_near_partitions('spans.from_day', 'spans.to_day', changed) }}
),

days as (
    select
        {{ month_start('spans.day') }} as month,
        spans.model_key,
        spans.day,
        spans.kind,
        spans.from_day = spans.to_day as is_one_day,
        spans.day = spans.to_day as is_last_day,
        case
            when spans.day = spans.from_day then spans.counter_before
            else {{ span_counter('spans', add_days('spans.day', -1)) }}
        end as counter_before,
        {{ span_counter('spans', 'spans.day') }} as counter_after,
        coalesce(read_calendar.is_read, false) as is_read,
        coalesce(read_calendar.is_observed, false) as is_observed
    from span_days as spans
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and spans.day = read_calendar.day
),

final as (
    select
        days.month,
        days.model_key,
        days.day,
        case
            when days.kind in ('opening', 'carried') then null
            else greatest(days.counter_after - days.counter_before, 0)
        end as downloads,
        case
            when days.kind in ('opening', 'carried') then 0
            else least(days.counter_after - days.counter_before, 0)
        end as adjustment,
        days.counter_after as downloads_all_time,
        case
            when days.kind = 'carried' then 'carried'
            when days.kind = 'opening' then 'observed'
            when days.kind = 'flat' and not days.is_read then 'interpolated'
            when days.kind in ('step', 'launch') and not days.is_last_day then 'interpolated'
            else 'observed'
        end as counter_status,
        case
            when days.kind in ('opening', 'carried') then 'missing'
            when days.kind = 'flat' and not days.is_observed then 'interpolated'
            when days.kind in ('step', 'launch') and not days.is_one_day then 'interpolated'
            else 'observed'
        end as day_status,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from days
    left join fingerprints
        on days.month = fingerprints.month
)

select * from final
