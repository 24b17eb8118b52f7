{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('plain_tracked_fingerprints'), 'month', [var('max_gap_days')]) }}",
) }}

{% set changed = changed_partitions(
    ref('plain_tracked_fingerprints'), 'month', [var('max_gap_days')]
) %}

with models as (
    select model_key from {{ ref('models') }}
    where is_tracked
),

calendar as (
    select * from {{ ref('main_calendar') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

fingerprints as (
    select * from {{ ref('plain_tracked_fingerprints') }}
    where {{ is_in_partitions('month', changed) }}
),

-- The last read day of each month, and the last day that counts.
months as (
    select
        fingerprints.month,
        fingerprints.fingerprint,
        max(case when calendar.is_read then calendar.day end) as known_to,
        least(max(as_of.as_of), {{ month_end('fingerprints.month') }}) as counted_to
    from fingerprints
    cross join as_of
    left join calendar
        on fingerprints.month = calendar.month
    group by fingerprints.month, fingerprints.fingerprint
),

scopes as (
    select distinct
        source,
        scope
    from calendar
),

spans as (
    select
        spans.*,
        lead(spans.from_day) over (
            partition by spans.model_key, spans.to_month
            order by spans.to_day, case when spans.kind = 'end' then 1 else 0 end
        ) as next_from_day,
        lead(spans.kind) over (
            partition by spans.model_key, spans.to_month
            order by spans.to_day, case when spans.kind = 'end' then 1 else 0 end
        ) as next_kind
    from {{ ref('plain_spans') }} as spans
    inner join models
        on spans.model_key = models.model_key
    where
        {{ is_near_partitions('spans.to_day', 'spans.to_day', changed) }}
        and {{ is_in_partitions('spans.to_month', changed) }}
),

-- Where no row is nothing changed: to the read day before the next row, or to the month's last.
flats as (
    select
        months.month,
        spans.model_key,
        {{ add_days('spans.to_day', 1) }} as from_day,
        case
            when spans.next_from_day is null then months.known_to
            when spans.next_kind = 'end' then spans.next_from_day
            else {{ add_days('spans.next_from_day', -1) }}
        end as to_day,
        spans.counter_after as counter
    from spans
    inner join months
        on spans.to_month = months.month
    where spans.kind != 'end'
),

-- What was read last before a month's end and is not read again: gone, or a scope that has ended.
lasts as (
    select
        plain_months.month,
        plain_months.model_key,
        {{ add_days('plain_months.known_to', 1) }} as from_day,
        months.counted_to as to_day,
        plain_months.cumulative_downloads as counter
    from {{ ref('plain_months') }} as plain_months
    inner join models
        on plain_months.model_key = models.model_key
    inner join months
        on plain_months.month = months.month
    where plain_months.is_carried and {{ is_in_partitions('plain_months.month', changed) }}
),

every_span as (
    select
        to_month as month,
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after
    from spans
    where kind != 'end'

    union all

    select
        month,
        model_key,
        'flat' as kind,
        from_day,
        to_day,
        counter as counter_before,
        counter as counter_after
    from flats
    where from_day <= to_day

    union all

    select
        month,
        model_key,
        'carried' as kind,
        from_day,
        to_day,
        counter as counter_before,
        counter as counter_after
    from lasts
),

final as (
    select
        every_span.month,
        every_span.model_key,
        every_span.kind,
        every_span.from_day,
        every_span.to_day,
        every_span.counter_before,
        every_span.counter_after,
        case when every_span.kind != 'carried' then scopes.source end as source,
        case when every_span.kind != 'carried' then scopes.scope end as scope,
        {{ partition_fingerprint('months.fingerprint', [var('max_gap_days')]) }} as fingerprint
    from every_span
    inner join months
        on every_span.month = months.month
    cross join scopes
)

select * from final
