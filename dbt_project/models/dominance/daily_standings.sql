{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(group_fingerprints(ref('tracked_fingerprints')), 'month', [var('unread_share')]) }}",
) }}

{% set changed = changed_partitions(
    group_fingerprints(ref('tracked_fingerprints')), 'month', [var('unread_share')]
) %}

with fingerprints as (
    select * from {{ group_fingerprints(ref('tracked_fingerprints')) }} as by_group
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

{% set kinds = {
    'region': 'models.region',
    'org': 'models.org',
    'family': "coalesce(models.family, 'none')",
} %}
members as (
    select
        model_days.month,
        model_days.day,
        model_days.downloads_all_time,
        -- The past that a model brings with it when it is first read.
        case
            when model_days.counter_status = 'observed' and model_days.downloads is null
                then model_days.downloads_all_time
            else 0
        end as newly_covered,
        model_days.counter_status
        {% for kind, member in kinds.items() %}, {{ member }} as {{ kind }}{% endfor %}
    from {{ ref('model_days') }} as model_days
    inner join models
        on model_days.model_key = models.model_key
    where {{ is_in_partitions('model_days.month', changed) }}
),

-- One pass for all kinds of group.
grouped as (
    select
        month,
        day,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then '{{ kind }}' {% endfor %}
        end as leader_kind,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then {{ kind }} {% endfor %}
        end as member,
        cast(sum(downloads_all_time) as bigint) as cumulative_downloads,
        cast(sum(newly_covered) as bigint) as newly_covered,
        bool_or(counter_status = 'observed')
        and sum(case when counter_status = 'interpolated' then downloads_all_time else 0 end)
        <= {{ var('unread_share') }} * sum(downloads_all_time) as is_observed
    from members
    group by grouping sets (
        {% for kind in kinds %}
        (month, day, {{ kind }}){% if not loop.last %},{% endif %}
        {% endfor %}
    )
),

final as (
    select
        grouped.*,
        {{ partition_fingerprint('fingerprints.fingerprint', [var('unread_share')]) }} as fingerprint
    from grouped
    left join fingerprints
        on grouped.month = fingerprints.month
)

select * from final
