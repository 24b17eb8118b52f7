{# dbt's own form raises an error where the date is null, and goes through the clock. Only months are
   added in this project (days: add_days). #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart != 'month' -%}
        {{ exceptions.raise_compiler_error("on Spark only months are added, not '" ~ datepart ~ "'") }}
    {%- endif -%}
    add_months({{ from_date_or_timestamp }}, {{ interval }})
{%- endmacro %}
