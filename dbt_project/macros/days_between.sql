{# Whole days from one date to another, as bigint. #}
{% macro days_between(from_day, to_day) -%}
    {{ return(adapter.dispatch('days_between', 'hubtide')(from_day, to_day)) }}
{%- endmacro %}

{% macro default__days_between(from_day, to_day) -%}
    cast({{ to_day }} - {{ from_day }} as bigint)
{%- endmacro %}

{# A difference of dates is an interval on Spark. #}
{% macro spark__days_between(from_day, to_day) -%}
    cast(datediff({{ to_day }}, {{ from_day }}) as bigint)
{%- endmacro %}
