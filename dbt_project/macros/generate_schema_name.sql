{# Schemas are the layers, without dbt's usual prefix: BI users see `marts`, nothing else. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
