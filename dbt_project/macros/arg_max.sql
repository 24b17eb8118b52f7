{# The value at the greatest `by`: an as-of read. Never max(): counters fall. #}
{% macro arg_max(value, by) -%}
    {{ return(adapter.dispatch('arg_max', 'hubtide')(value, by)) }}
{%- endmacro %}

{% macro default__arg_max(value, by) -%}
    arg_max({{ value }}, {{ by }})
{%- endmacro %}
