{# The fingerprints of months for a model of tracked models' groups: region, organisation, family. #}
{% macro group_fingerprints(tracked_fingerprints) -%}
    (
        select
            month,
            groups_fingerprint as fingerprint
        from {{ tracked_fingerprints }}
    )
{%- endmacro %}
