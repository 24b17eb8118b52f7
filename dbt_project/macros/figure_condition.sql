{# The values that a published figure names for a dimension (`region=china & size_bucket=1-5B|7-9B`):
   the text between `dimension=` and the next `&`; null where it names none. #}
{% macro figure_condition(text, dimension) -%}
    nullif(trim({{ regexp_capture(
        'coalesce(' ~ text ~ ", '')", "'" ~ dimension ~ "=([^&]+)'", 1
    ) }}), '')
{%- endmacro %}
