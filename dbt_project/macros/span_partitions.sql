{# The partitions of adoption.counter_spans with their fingerprints. #}
{% macro span_partitions(counter_spans) -%}
    (
        select distinct
            read_month as month,
            fingerprint
        from {{ counter_spans }}
    )
{%- endmacro %}
