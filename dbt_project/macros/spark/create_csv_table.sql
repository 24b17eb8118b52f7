{# dbt's own form, with Spark's names of types. #}
{% macro spark__create_csv_table(model, agate_table) -%}
    {% set column_types = model['config'].get('column_types', {}) %}
    {% set sql %}
        create table {{ this.render() }} (
            {% for name in agate_table.column_names -%}
            {{ adapter.quote(name) }} {{ engine_type(column_types[name]) }}
            {%- if not loop.last %}, {% endif %}
            {%- endfor %}
        )
        {{ file_format_clause() }}
        {{ location_clause() }}
    {% endset %}
    {% call statement('_') -%}
        {{ sql }}
    {%- endcall %}
    {{ return(sql) }}
{%- endmacro %}
