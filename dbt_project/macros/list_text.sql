{# A list of text as one text, elements between spaces: for matching a word in any element. #}
{% macro list_text(list) -%}
    {{ return(adapter.dispatch('list_text', 'hubtide')(list)) }}
{%- endmacro %}

{% macro default__list_text(list) -%}
    (' ' || array_to_string({{ list }}, ' ') || ' ')
{%- endmacro %}

{% macro spark__list_text(list) -%}
    (' ' || array_join({{ list }}, ' ') || ' ')
{%- endmacro %}
