{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_unmatched_names(ref('tracking_name_rules'), ref('model_identities')) }}",
) }}

-- Names are compared once: a pattern of a table is compiled for every name it is compared with,
-- which costs more than all else that decides what is tracked.
with rules as (
    select * from {{ ref('tracking_name_rules') }}
),

rules_fingerprint as (
    select {{ partition_hash(['rule', 'pattern']) }} as fingerprint
    from rules
),

names as (
    select distinct models.name
    from {{ ref('model_identities') }} as models
    inner join {{ ref('organizations') }} as organizations
        on models.org = organizations.org
    where
        organizations.is_tracked
        {% if is_incremental() %}
        and models.name not in (select name from {{ this }})
        {% endif %}
),

final as (
    select
        names.name,
        min(rules.rule) as rule,
        {{ partition_fingerprint('min(rules_fingerprint.fingerprint)') }} as fingerprint
    from names
    cross join rules_fingerprint
    left join rules
        on {{ regexp_like('names.name', 'rules.pattern') }}
    group by names.name
)

select * from final
