{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
) }}

{% set build_id = env_var('HUBTIDE_BUILD_ID', 'unpublished') %}

with current_values as (
    select * from {{ ref('quotable_values') }}
),

{% if is_incremental() %}
    known as (
        select
            table_name,
            key,
            field,
            value,
            row_number() over (partition by table_name, key, field order by build_id desc) as place
        from {{ this }}
    ),
{% else %}
    known as (
        select
            table_name,
            key,
            field,
            value,
            2 as place
        from current_values
    ),
{% endif %}

latest as (
    select * from known
    where place = 1
),

-- A figure that is gone is a change too: its value is then null.
changed as (
    select
        coalesce(current_values.table_name, latest.table_name) as table_name,
        coalesce(current_values.key, latest.key) as key,
        coalesce(current_values.field, latest.field) as field,
        current_values.value
    from current_values
    full outer join latest
        on
            current_values.table_name = latest.table_name
            and current_values.key = latest.key
            and current_values.field = latest.field
    where coalesce(current_values.value, '') <> coalesce(latest.value, '')
)

select
    table_name,
    key,
    field,
    value,
    '{{ build_id }}' as build_id
from changed
-- What dbt builds on its own is never published, so nobody can have quoted it.
where '{{ build_id }}' <> 'unpublished'
