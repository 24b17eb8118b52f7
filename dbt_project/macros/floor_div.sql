{# Exact integer floor division of a non-negative by a positive integer.
   The product of a counter and a gap can pass 64 bits only beyond 9e18: counters are below 1e11,
   gaps below 1e4 days. #}
{% macro floor_div(a, b) -%}
    {{ return(adapter.dispatch('floor_div', 'hubtide')(a, b)) }}
{%- endmacro %}

{% macro default__floor_div(a, b) -%}
    (({{ a }}) // ({{ b }}))
{%- endmacro %}

{% macro spark__floor_div(a, b) -%}
    (({{ a }}) div ({{ b }}))
{%- endmacro %}
