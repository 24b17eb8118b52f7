{# dbt's own form adds and takes off through timestamps; Spark has the function. Only ends of months
   are asked for in this project. #}
{% macro spark__last_day(date, datepart) -%}
    {%- if datepart != 'month' -%}
        {{ exceptions.raise_compiler_error("on Spark only a month's last day is told, not a " ~ datepart ~ "'s") }}
    {%- endif -%}
    last_day({{ date }})
{%- endmacro %}
