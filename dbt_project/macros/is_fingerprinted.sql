{# Whether a model's table has fingerprints: one that an earlier version of the project built as a
   plain table has none, and is built in full. #}
{% macro is_fingerprinted(relation) -%}
    {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {{ return('fingerprint' in columns) }}
{%- endmacro %}
