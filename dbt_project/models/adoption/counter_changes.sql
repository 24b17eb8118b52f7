{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(ref('change_fingerprints'), 'read_month') }}",
) }}

{% set changed = changed_partitions(ref('change_fingerprints'), 'read_month') %}

with fingerprints as (
    select * from {{ ref('change_fingerprints') }}
),

observation_months as (
    select * from {{ ref('observation_months') }}
),

{% if is_incremental() %}
-- The months that are built, and those that their changes are told from.
wanted_months as (
    select distinct
        around.model_key,
        around.month
    from observation_months
    inner join observation_months as around
        on
            observation_months.model_key = around.model_key
            and around.month
            between observation_months.context_from and observation_months.context_to
    where {{ is_in_partitions('observation_months.month', changed) }}
),
{% endif %}

observations as (
    select
        observations.*,
        {{ month_start('observations.day') }} as read_month
    from {{ ref('model_observations') }} as observations
    {% if is_incremental() %}
    inner join wanted_months
        on
            observations.model_key = wanted_months.model_key
            and {{ month_start('observations.day') }} = wanted_months.month
    {% endif %}
),

-- A model absent for long has one row that matters: the first.
transitions as (
    select
        *,
        coalesce(lag(is_counter) over (partition by model_key order by day), false)
            as was_counter
    from observations
),

relevant as (
    select
        *,
        lag(day) over (partition by model_key order by day) as row_before,
        lag(is_counter) over (partition by model_key order by day) as row_before_is_counter,
        lag(source) over (partition by model_key order by day) as source_before,
        lag(scope) over (partition by model_key order by day) as scope_before,
        lag(read_before) over (partition by model_key order by day) as row_before_read_before,
        lag(downloads_all_time) over (partition by model_key order by day) as counter_before,
        lag(downloads_all_time, 2) over (partition by model_key order by day)
            as counter_before_absence,
        lead(day) over (partition by model_key order by day) as row_after
    from transitions
    where is_counter or was_counter
),

-- The last day before this row on which the counter was known, and what it was.
final as (
    select
        relevant.model_key,
        relevant.day,
        relevant.source,
        relevant.scope,
        relevant.downloads_all_time,
        relevant.is_counter,
        relevant.first_read_on,
        relevant.read_before,
        relevant.row_before,
        relevant.row_before_is_counter,
        relevant.source_before,
        relevant.scope_before,
        relevant.counter_before,
        relevant.row_after,
        relevant.read_month,
        {{ partition_fingerprint('fingerprints.fingerprint') }} as fingerprint,
        case
            when row_before_is_counter then coalesce(read_before, row_before)
            else row_before_read_before
        end as known_on,
        case when row_before_is_counter then counter_before else counter_before_absence end
            as known_counter
    from relevant
    left join fingerprints
        on relevant.read_month = fingerprints.month
    where {{ is_in_partitions('relevant.read_month', changed) }}
)

select * from final
