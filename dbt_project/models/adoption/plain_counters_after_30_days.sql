{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('age_fingerprints'), 'month', [var('derivative_age_days')]) }}",
) }}

{% set changed = changed_partitions(ref('age_fingerprints'), 'month', [var('derivative_age_days')]) %}

with fingerprints as (
    select * from {{ ref('age_fingerprints') }}
    where {{ is_in_partitions('month', changed) }}
),

aged as (
    select
        dates.model_key,
        {{ add_days('dates.created_on', var('derivative_age_days')) }} as aged_on,
        fingerprints.month,
        fingerprints.fingerprint
    from {{ ref('model_dates') }} as dates
    inner join fingerprints
        on
            {{ month_start(add_days('dates.created_on', var('derivative_age_days'))) }}
            = fingerprints.month
),

-- The first change from that day on, in its month or over its end, knows the counter before it.
nexts as (
    select
        aged.model_key,
        min(spans.to_day) as to_day,
        {{ arg_min('spans.from_day', 'spans.to_day') }} as from_day,
        {{ arg_min('spans.counter_before', 'spans.to_day') }} as counter_before,
        {{ arg_min('spans.counter_after', 'spans.to_day') }} as counter_after
    from {{ ref('plain_spans') }} as spans
    inner join aged
        on
            spans.model_key = aged.model_key
            and spans.to_day >= aged.aged_on
            and spans.from_day <= {{ month_end('aged.month') }}
    where {{ is_near_partitions("date '1000-01-01'", 'spans.to_day', changed) }}
    group by aged.model_key
),

-- Without one it is that of the month's end, as the last month that changed it left it.
month_ends as (
    select
        aged.model_key,
        {{ arg_max('plain_months.cumulative_downloads', 'plain_months.month') }}
            as cumulative_downloads,
        case
            when max(plain_months.month) = max(aged.month)
                then {{ arg_max('plain_months.known_to', 'plain_months.month') }}
            else max(main_months.known_to)
        end as known_to
    from aged
    inner join {{ ref('plain_months') }} as plain_months
        on aged.model_key = plain_months.model_key and aged.month >= plain_months.month
    inner join {{ ref('main_months') }} as main_months
        on aged.month = main_months.month
    group by aged.model_key
),

final as (
    select
        aged.month,
        aged.model_key,
        case
            when nexts.model_key is null then month_ends.cumulative_downloads
            when nexts.from_day > aged.aged_on then nexts.counter_before
            else {{ span_counter('nexts', 'aged.aged_on') }}
        end as counter_30d,
        {{ partition_fingerprint('aged.fingerprint', [var('derivative_age_days')]) }} as fingerprint
    from aged
    left join nexts
        on aged.model_key = nexts.model_key
    left join month_ends
        on aged.model_key = month_ends.model_key
    where nexts.model_key is not null or aged.aged_on <= month_ends.known_to
)

select * from final
where counter_30d is not null
