{# The text without any match of the pattern. #}
{% macro regexp_remove(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_remove', 'hubtide')(text, pattern)) }}
{%- endmacro %}

{% macro default__regexp_remove(text, pattern) -%}
    regexp_replace({{ text }}, {{ pattern }}, '', 'g')
{%- endmacro %}

{% macro spark__regexp_remove(text, pattern) -%}
    regexp_replace({{ text }}, {{ pattern }}, '')
{%- endmacro %}
