{# The partition of adoption.counter_spans that holds what follows each model's last row: a month
   that never comes. #}
{% macro tail_month() -%}
    date '9999-12-01'
{%- endmacro %}
