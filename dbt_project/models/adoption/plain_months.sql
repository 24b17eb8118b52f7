{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('plain_fingerprints'), 'month') }}",
) }}

{% set changed = changed_partitions(ref('plain_fingerprints')) %}

with calendar as (
    select * from {{ ref('main_calendar') }}
),

months as (
    select * from {{ ref('main_months') }}
    where {{ is_in_partitions('month', changed) }}
),

turns as (
    select * from {{ ref('plain_turns') }}
    where
        {{ is_in_partitions('month', changed) }}
        and {{ is_near_partitions('span_from', 'span_to', changed) }}
),

-- Nearly all spans lie within a month, and in three of four months of a model nothing happens: those
-- have no row (macros/with_quiet_months.sql).
pieces as (
    select
        to_month as month,
        model_key,
        to_day,
        counter_before as counter_start,
        counter_after as counter_end
    from {{ ref('plain_spans') }}
    where
        from_day >= to_month
        and (kind != 'step' or counter_before != counter_after)
        and {{ is_near_partitions('to_day', 'to_day', changed) }}
        and {{ is_in_partitions('to_month', changed) }}

    union all

    select
        month,
        model_key,
        to_day,
        counter_start,
        counter_end
    from turns
),

summed as (
    select
        month,
        model_key,
        cast(sum(greatest(counter_end - counter_start, 0)) as bigint) as rises,
        cast(sum(least(counter_end - counter_start, 0)) as bigint) as falls,
        {{ arg_max('counter_end', 'to_day') }} as counter_end
    from pieces
    group by month, model_key
),

-- What is not a day like any other: where a model begins or ends, and what was not read daily.
marks as (
    select
        to_month as month,
        model_key,
        kind,
        true as is_start,
        from_day,
        to_day,
        to_day as read_on,
        from_day < to_day as is_interpolated,
        counter_before as counter_start,
        counter_after as counter_end
    from {{ ref('plain_spans') }}
    where
        from_day >= to_month
        and (kind != 'step' or (from_day < to_day and counter_before != counter_after))
        and {{ is_near_partitions('to_day', 'to_day', changed) }}
        and {{ is_in_partitions('to_month', changed) }}

    union all

    select
        month,
        model_key,
        kind,
        is_start,
        from_day,
        to_day,
        span_to as read_on,
        kind != 'carried' as is_interpolated,
        counter_start,
        counter_end
    from turns
    where kind != 'quiet'
),

marked as (
    select
        month,
        model_key,
        max(case when kind in ('opening', 'launch') and is_start then 1 else 0 end) as is_first_month,
        min(case when kind in ('opening', 'launch') then from_day end) as first_day,
        max(case when kind in ('opening', 'launch') then read_on end) as first_read_on,
        max(case when kind = 'opening' then counter_end end) as opening_counter,
        max(case when kind = 'launch' and not is_interpolated then 1 else 0 end) as launch_days,
        cast(sum(
            case
                when kind in ('step', 'launch') and is_interpolated
                    then greatest(counter_end - counter_start, 0)
                else 0
            end
        ) as bigint) as rises_interpolated,
        max(case
            when kind = 'end' then to_day
            when kind = 'carried' then {{ add_days('from_day', -1) }}
        end) as ended_on
    from marks
    group by month, model_key
),

-- The days of a month are known from the calendar alone: from where a model begins to where it
-- ends, and all of them for nearly all models.
bounded as (
    select
        summed.*,
        months.counted_to,
        months.fingerprint,
        coalesce(marked.is_first_month = 1, false) as is_first_month,
        coalesce(marked.first_day, summed.month) as first_day,
        coalesce(marked.rises_interpolated, 0) as rises_interpolated,
        coalesce(marked.launch_days, 0) as launch_days,
        marked.opening_counter,
        case when marked.opening_counter is null then 0 else 1 end as opening_days,
        greatest(
            least(coalesce(marked.ended_on, months.known_to), months.known_to),
            {{ add_days('summed.month', -1) }}
        ) as known_to,
        case when marked.model_key is null then months.observed_days end as observed_days,
        case
            when marked.model_key is not null
                then least(
                    coalesce(marked.first_read_on, {{ add_days('summed.month', -1) }}),
                    months.month_end
                )
        end as calendar_from
    from summed
    inner join months
        on summed.month = months.month
    left join marked
        on summed.model_key = marked.model_key and summed.month = marked.month
),

counted as (
    select
        bounded.*,
        case
            when bounded.observed_days is not null then bounded.observed_days
            when bounded.known_to > bounded.calendar_from
                then bounded.launch_days + coalesce(ends.observed_days_to_date, 0)
                - coalesce(starts.observed_days_to_date, 0)
            else bounded.launch_days
        end as days_observed,
        greatest({{ days_between('bounded.first_day', 'bounded.known_to') }} + 1, 0)
        - bounded.opening_days as days_known,
        {{ days_between('bounded.known_to', 'bounded.counted_to') }} as days_carried
    from bounded
    left join calendar as starts
        on bounded.calendar_from = starts.day
    left join calendar as ends
        on bounded.calendar_from < bounded.known_to and bounded.known_to = ends.day
),

final as (
    select
        month,
        model_key,
        case when days_known > 0 then coalesce(rises, 0) end as downloads,
        case when days_known > 0 then rises_interpolated end as downloads_interpolated,
        coalesce(falls, 0) as adjustment,
        counter_end as cumulative_downloads,
        coalesce(opening_counter, 0) as downloads_before_history,
        cast(days_observed as bigint) as days_observed,
        cast(days_known - days_observed as bigint) as days_interpolated,
        cast(opening_days + days_carried as bigint) as days_missing,
        known_to,
        is_first_month,
        days_carried > 0 as is_carried,
        {{ partition_fingerprint('fingerprint') }} as fingerprint
    from counted
)

select * from final
