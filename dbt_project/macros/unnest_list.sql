{# A list as rows: `cross join {{ unnest_list('tags') }} as t (tag)`. #}
{% macro unnest_list(list) -%}
    {{ return(adapter.dispatch('unnest_list', 'hubtide')(list)) }}
{%- endmacro %}

{% macro default__unnest_list(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__unnest_list(list) -%}
    lateral explode({{ list }})
{%- endmacro %}
