{# Whether a model's table has fingerprints: one that an earlier version of the project built as a
   plain table, or with fingerprints of text, has none, and is built in full. #}
{% macro is_fingerprinted(relation) -%}
    {% for column in adapter.get_columns_in_relation(relation) if column.name == 'fingerprint' %}
        {{ return(not column.is_string()) }}
    {% endfor %}
    {{ return(false) }}
{%- endmacro %}
