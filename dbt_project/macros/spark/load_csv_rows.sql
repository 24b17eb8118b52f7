{# dbt's own form leaves quotes inside a text as they are and writes an empty cell as the text `None`
   where Spark runs in dbt's process. Here each value is a literal: seeds are small. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {% set column_types = model['config'].get('column_types', {}) %}
    {% set sql %}
        insert into {{ this.render() }} values
        {% for row in agate_table.rows -%}
        ({% for name in agate_table.column_names -%}
            cast({{ spark_literal(row[name]) }} as {{ engine_type(column_types[name]) }})
            {%- if not loop.last %}, {% endif %}
        {%- endfor %}){% if not loop.last %},{% endif %}
        {% endfor %}
    {% endset %}
    {% if agate_table.rows | length > 0 %}
        {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {% endif %}
    {{ return(sql) }}
{%- endmacro %}
