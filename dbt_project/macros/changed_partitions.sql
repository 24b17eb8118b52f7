{# The condition that keeps an incremental model to the partitions whose inputs changed since
   they were built: those of `fingerprints` (columns: partition column, fingerprint) that do not
   stand in the model's own table with the same fingerprint. Nothing is remembered elsewhere, so
   an interrupted, late, repeated or restated build repairs itself. #}
{% macro changed_partitions(fingerprints, partition_column) -%}
    {% if is_incremental() -%}
    {{ partition_column }} in (
        select expected.{{ partition_column }}
        from {{ fingerprints }} as expected
        left join (
            select distinct {{ partition_column }}, fingerprint
            from {{ this }}
        ) as built
            on
                expected.{{ partition_column }} = built.{{ partition_column }}
                and expected.fingerprint = built.fingerprint
        where built.fingerprint is null
    )
    {%- else -%}
    true
    {%- endif %}
{%- endmacro %}
