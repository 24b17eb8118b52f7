{# A number from a row's columns, equal for equal rows: for telling whether a partition changed. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'hubtide')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{# Spark's hash passes over nulls, so that (null, 1) and (1, null) would be one: each column is followed
   by whether it is null. As decimals, which sum without an overflow. #}
{% macro spark__row_hash(columns) -%}
    cast(xxhash64(
        {%- for column in columns -%}
        {{ column }}, {{ column }} is null{% if not loop.last %}, {% endif %}
        {%- endfor -%}
    ) as decimal(20, 0))
{%- endmacro %}
