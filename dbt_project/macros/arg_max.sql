{# The value at the greatest `by`: an as-of read. Never max(): counters fall. #}
{% macro arg_max(value, by) -%}
    {{ return(adapter.dispatch('arg_max', 'hubtide')(value, by)) }}
{%- endmacro %}

{% macro default__arg_max(value, by) -%}
    arg_max({{ value }}, {{ by }})
{%- endmacro %}

{# DuckDB passes over rows without a value, Spark does not. #}
{% macro spark__arg_max(value, by) -%}
    max_by({{ value }}, case when {{ value }} is not null then {{ by }} end)
{%- endmacro %}
