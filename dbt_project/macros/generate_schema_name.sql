{# Schemas are the layers, without dbt's usual prefix: BI users see `marts`, nothing else.
   In the published file all tables stand in one. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set own = custom_schema_name and target.name != 'published' -%}
    {{ custom_schema_name | trim if own else target.schema }}
{%- endmacro %}
