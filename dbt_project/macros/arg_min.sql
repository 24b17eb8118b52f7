{# The value in the row with the least key (null keys are passed over). #}
{% macro arg_min(value, key) -%}
    {{ return(adapter.dispatch('arg_min', 'hubtide')(value, key)) }}
{%- endmacro %}

{% macro default__arg_min(value, key) -%}
    arg_min({{ value }}, {{ key }})
{%- endmacro %}
