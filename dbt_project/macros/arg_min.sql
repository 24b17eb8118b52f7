{# The value in the row with the least key (null keys are passed over). #}
{% macro arg_min(value, key) -%}
    {{ return(adapter.dispatch('arg_min', 'hubtide')(value, key)) }}
{%- endmacro %}

{% macro default__arg_min(value, key) -%}
    arg_min({{ value }}, {{ key }})
{%- endmacro %}

{# DuckDB passes over rows without a value, Spark does not. #}
{% macro spark__arg_min(value, key) -%}
    min_by({{ value }}, case when {{ value }} is not null then {{ key }} end)
{%- endmacro %}
