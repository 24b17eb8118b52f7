{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('tracked_fingerprints'), 'month', [var('weekend_days')]) }}",
) }}

{% set changed = changed_partitions(
    ref('tracked_fingerprints'), 'month', [var('weekend_days')]
) %}

with fingerprints as (
    select * from {{ ref('tracked_fingerprints') }}
),

-- A day's downloads are known where it was observed. A fall is known of every reading: it is never
-- spread over the days before.
days as (
    select
        model_id,
        day,
        downloads_all_time,
        adjustment,
        {{ month_start('day') }} as month,
        case when day_status = 'observed' then downloads end as downloads,
        -- 2000-01-03 was a Monday.
        {{ days_between("cast('2000-01-03' as date)", 'day') }} % 7 + 1
        in ({{ var('weekend_days') | join(', ') }}) as is_weekend,
        max(case when day_status = 'observed' then downloads end) over (
            partition by model_id, {{ month_start('day') }}
        ) as month_highest
    from {{ ref('fct_model_downloads_daily') }}
    where
        (day_status = 'observed' or adjustment < 0)
        and {{ is_near_partitions('day', 'day', changed) }}
        and {{ is_in_partitions(month_start('day'), changed) }}
),

sums as (
    select
        model_id,
        month,
        count(downloads) as observed_days,
        count(case when is_weekend then downloads end) as weekend_days,
        cast(coalesce(sum(downloads), 0) as bigint) as downloads,
        cast(max(downloads) as bigint) as highest_downloads,
        min(case when downloads = month_highest then day end) as highest_day,
        avg(case when is_weekend then downloads end) as weekend_mean,
        avg(case when not is_weekend then downloads end) as weekday_mean,
        count(case when adjustment < 0 then 1 end) as falls,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(max(downloads_all_time - adjustment) as bigint) as highest_counter
    from days
    group by model_id, month
),

final as (
    select
        sums.model_id,
        sums.month,
        sums.observed_days,
        sums.weekend_days,
        sums.downloads,
        sums.highest_downloads,
        sums.highest_day,
        sums.weekend_mean,
        sums.weekday_mean,
        sums.falls,
        sums.adjustment,
        sums.highest_counter,
        {{ partition_fingerprint('fingerprints.fingerprint', [var('weekend_days')]) }}
            as fingerprint
    from sums
    left join fingerprints
        on sums.month = fingerprints.month
)

select * from final
