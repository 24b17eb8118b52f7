{# Deletes the partitions of an incremental model that its inputs no longer have: a pre-hook.
   (delete+insert replaces partitions that come again; it cannot know of one that does not.) #}
{% macro drop_stale_partitions(fingerprints, partition_column) -%}
    {% if is_incremental() -%}
    delete from {{ this }}
    where {{ partition_column }} not in (
        select {{ partition_column }} from {{ fingerprints }}
    )
    {%- endif %}
{%- endmacro %}
