{# The columns of a contract, under Spark's names of types. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    {% set translated = {} %}
    {% for name, column in columns.items() %}
        {% do translated.update({name: dict(column, data_type=engine_type(column['data_type']))}) %}
    {% endfor %}
    {{ default__get_empty_schema_sql(translated) }}
{%- endmacro %}
