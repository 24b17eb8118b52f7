{# The numbers 1 to n, column `number`. #}
{% macro number_series(n) -%}
    {{ return(adapter.dispatch('number_series', 'hubtide')(n)) }}
{%- endmacro %}

{% macro default__number_series(n) -%}
    select cast(unnest(generate_series(1, {{ n }})) as bigint) as number
{%- endmacro %}
