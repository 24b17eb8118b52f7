{# A group of the first match, '' where nothing matches. #}
{% macro regexp_capture(text, pattern, group=1) -%}
    {{ return(adapter.dispatch('regexp_capture', 'hubtide')(text, pattern, group)) }}
{%- endmacro %}

{% macro default__regexp_capture(text, pattern, group) -%}
    regexp_extract({{ text }}, {{ pattern }}, {{ group }})
{%- endmacro %}
