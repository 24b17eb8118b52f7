{# The values of a group as a list in binary order. #}
{% macro sorted_list(value) -%}
    {{ return(adapter.dispatch('sorted_list', 'hubtide')(value)) }}
{%- endmacro %}

{% macro default__sorted_list(value) -%}
    list({{ value }} order by {{ value }})
{%- endmacro %}

{% macro spark__sorted_list(value) -%}
    sort_array(collect_list({{ value }}))
{%- endmacro %}
