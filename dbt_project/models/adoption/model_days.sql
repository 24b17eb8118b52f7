{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(tracked_fingerprints(ref('month_fingerprints')), 'month') }}",
) }}

{% set changed = changed_partitions(tracked_fingerprints(ref('month_fingerprints'))) %}

with span_months as (
    select * from {{ ref('span_months') }}
    where {{ is_in_partitions('month', changed) }}
),

fingerprints as (
    select * from {{ ref('month_fingerprints') }}
),

spans as (
    select * from {{ ref('counter_spans') }}
    where {{ is_near_partitions('from_day', 'to_day', changed) }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

calendar as (
    select * from {{ ref('days') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

days as (
    select
        span_months.month,
        span_months.model_key,
        calendar.day,
        spans.kind,
        spans.from_day = spans.to_day as is_one_day,
        calendar.day = spans.to_day as is_last_day,
        case
            when calendar.day = spans.from_day then spans.counter_before
            else {{ span_counter('spans', add_days('calendar.day', -1)) }}
        end as counter_before,
        {{ span_counter('spans', 'calendar.day') }} as counter_after,
        coalesce(read_calendar.is_read, false) as is_read,
        coalesce(read_calendar.is_observed, false) as is_observed
    from span_months
    inner join models
        on span_months.model_key = models.model_key
    inner join spans
        on
            span_months.model_key = spans.model_key
            and span_months.from_day between spans.from_day and spans.to_day
    inner join calendar
        on calendar.day between span_months.from_day and span_months.to_day
    left join read_calendar
        on
            spans.kind = 'flat'
            and spans.source = read_calendar.source
            and spans.scope = read_calendar.scope
            and calendar.day = read_calendar.day
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
        {{ partition_fingerprint('fingerprints.tracked_fingerprint') }} as fingerprint
    from days
    left join fingerprints
        on days.month = fingerprints.month
)

select * from final
