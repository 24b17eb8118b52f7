{# A value of a seed as a literal of Spark's SQL, in which a backslash escapes. #}
{% macro spark_literal(value) -%}
    {% if value is none %}
        {{ return('null') }}
    {% endif %}
    {% set text = value | string | replace('\\', '\\\\') | replace("'", "\\'") %}
    {{ return("'" ~ text ~ "'") }}
{%- endmacro %}
