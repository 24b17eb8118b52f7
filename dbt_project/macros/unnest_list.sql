{# A list's elements in rows of their own, in a select: `{{ unnest_list('tags') }} as tag`. None for a
   list that is empty or null. #}
{% macro unnest_list(list) -%}
    {{ return(adapter.dispatch('unnest_list', 'hubtide')(list)) }}
{%- endmacro %}

{% macro default__unnest_list(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__unnest_list(list) -%}
    explode({{ list }})
{%- endmacro %}
