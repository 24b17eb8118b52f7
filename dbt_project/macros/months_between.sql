{# Whole months from one first of a month to another, as bigint. #}
{% macro months_between(from_month, to_month) -%}
    {{ return(adapter.dispatch('months_between', 'hubtide')(from_month, to_month)) }}
{%- endmacro %}

{% macro default__months_between(from_month, to_month) -%}
    cast(
        (extract(year from {{ to_month }}) - extract(year from {{ from_month }})) * 12
        + extract(month from {{ to_month }}) - extract(month from {{ from_month }})
        as bigint
    )
{%- endmacro %}
