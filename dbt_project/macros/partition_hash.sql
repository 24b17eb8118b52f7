{# One text for a set of rows, whatever their order; a changed, added or lost row changes it.
   Aggregates the row hashes of a group (sum of 64-bit numbers and their count). #}
{% macro partition_hash(columns) -%}
    count(*) || ':' || cast(sum({{ row_hash(columns) }}) as {{ dbt.type_string() }})
{%- endmacro %}
