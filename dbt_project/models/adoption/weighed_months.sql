{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('month_fingerprints'), 'month') }}",
) }}

{% set changed = changed_partitions(ref('month_fingerprints')) %}

with span_months as (
    select * from {{ ref('span_months') }}
    where {{ is_in_partitions('month', changed) }}
),

fingerprints as (
    select * from {{ ref('month_fingerprints') }}
),

summed as (
    select
        month,
        model_key,
        -- A month of which no day is known has no downloads, which is not zero downloads.
        case
            when sum(days_observed + days_interpolated) > 0 then cast(sum(downloads) as bigint)
        end as downloads,
        case
            when sum(days_observed + days_interpolated) > 0
                then cast(sum(downloads_interpolated) as bigint)
        end as downloads_interpolated,
        cast(sum(adjustment) as bigint) as adjustment,
        {{ arg_max('counter_end', 'to_day') }} as cumulative_downloads,
        cast(sum(downloads_before_history) as bigint) as downloads_before_history,
        cast(sum(days_observed) as bigint) as days_observed,
        cast(sum(days_interpolated) as bigint) as days_interpolated,
        cast(sum(days_missing) as bigint) as days_missing,
        {{ arg_max('kind', 'to_day') }} = 'carried' as is_carried
    from span_months
    group by month, model_key
),

final as (
    select
        summed.*,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint
    from summed
    left join fingerprints
        on summed.month = fingerprints.month
)

select * from final
