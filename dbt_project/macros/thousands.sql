{# A whole number as text with thousands apart: 1,865. #}
{% macro thousands(number) -%}
    {{ return(adapter.dispatch('thousands', 'hubtide')(number)) }}
{%- endmacro %}

{% macro default__thousands(number) -%}
    format('{:,}', cast({{ number }} as bigint))
{%- endmacro %}

{% macro spark__thousands(number) -%}
    format_number(cast({{ number }} as bigint), 0)
{%- endmacro %}
