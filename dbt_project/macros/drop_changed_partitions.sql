{# Deletes the partitions of an incremental model whose inputs have changed or are no more: a
   pre-hook, in the transaction that builds them again. What is left stands as it should, so the
   model appends what is missing. #}
{% macro drop_changed_partitions(fingerprints, partition_column='month', settings=[]) -%}
    {% if is_incremental() -%}
    delete from {{ this }}
    {%- if is_fingerprinted(this) %}
    where not exists (
        select 1
        from {{ fingerprints }} as expected
        where
            expected.month = {{ this.identifier }}.{{ partition_column }}
            and {{ partition_fingerprint('expected.fingerprint', settings) }}
            = {{ this.identifier }}.fingerprint
    )
    {%- endif %}
    {%- endif %}
{%- endmacro %}
