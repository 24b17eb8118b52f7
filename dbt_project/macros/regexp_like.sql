{# True where the pattern (RE2) matches anywhere in the text. #}
{% macro regexp_like(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_like', 'hubtide')(text, pattern)) }}
{%- endmacro %}

{% macro default__regexp_like(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{# Java's expressions, in which what this project writes means the same. #}
{% macro spark__regexp_like(text, pattern) -%}
    regexp_like({{ text }}, {{ pattern }})
{%- endmacro %}
