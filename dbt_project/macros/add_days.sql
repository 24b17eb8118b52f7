{# The date n days after a date (n may be negative or a column). #}
{% macro add_days(day, n) -%}
    {{ return(adapter.dispatch('add_days', 'hubtide')(day, n)) }}
{%- endmacro %}

{% macro default__add_days(day, n) -%}
    ({{ day }} + cast({{ n }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, n) -%}
    date_add({{ day }}, cast({{ n }} as integer))
{%- endmacro %}
