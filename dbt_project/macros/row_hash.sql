{# A number from a row's columns, equal for equal rows: for telling whether a partition changed. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'hubtide')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
