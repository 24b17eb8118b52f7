{# Whether a value is among those of a condition, joined by `|`; no condition is met by all. #}
{% macro meets_condition(condition, value) -%}
    coalesce({{ dbt.position("'|' || " ~ value ~ " || '|'", "'|' || " ~ condition ~ " || '|'") }} > 0,
        {{ condition }} is null)
{%- endmacro %}
