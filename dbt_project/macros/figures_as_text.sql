{# Rows (table_name, key, field, value) of some figures of a table: `keys` name a row, `fields` are
   whole numbers. Text, so that figures of every table can be compared from build to build. #}
{% macro figures_as_text(mart, relation, keys, fields, condition) -%}
    {% for field in fields %}
    select
        '{{ mart }}' as table_name,
        {% for key in keys -%}
        '{{ key }}=' || cast({{ key }} as {{ dbt.type_string() }}){% if not loop.last %} || ', ' || {% endif %}
        {%- endfor %} as key,
        '{{ field }}' as field,
        cast({{ field }} as {{ dbt.type_string() }}) as value
    from {{ relation }}
    where {{ condition }} and {{ field }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}
