{# Whether a list has a value; null where there is no list. #}
{% macro list_contains(list, value) -%}
    {{ return(adapter.dispatch('list_contains', 'hubtide')(list, value)) }}
{%- endmacro %}

{% macro default__list_contains(list, value) -%}
    list_contains({{ list }}, {{ value }})
{%- endmacro %}

{% macro spark__list_contains(list, value) -%}
    array_contains({{ list }}, {{ value }})
{%- endmacro %}
