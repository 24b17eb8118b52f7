{# The numbers 1 to n, column `number`. #}
{% macro number_series(n) -%}
    {{ return(adapter.dispatch('number_series', 'hubtide')(n)) }}
{%- endmacro %}

{% macro default__number_series(n) -%}
    select cast(unnest(generate_series(1, {{ n }})) as bigint) as number
{%- endmacro %}

{% macro spark__number_series(n) -%}
    select explode(sequence(cast(1 as bigint), cast({{ n }} as bigint))) as number
{%- endmacro %}
