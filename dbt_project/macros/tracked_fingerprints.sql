{# The fingerprints of months for a model of tracked models only; months without any have none. #}
{% macro tracked_fingerprints(month_fingerprints) -%}
    (
        select
            month,
            tracked_fingerprint as fingerprint
        from {{ month_fingerprints }}
        where tracked_fingerprint is not null
    )
{%- endmacro %}
