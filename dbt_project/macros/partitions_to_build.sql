{# The condition that keeps an incremental model to the partitions that do not stand in its own
   table: new ones, and those that drop_changed_partitions has deleted just before, in the same
   transaction. Nothing is remembered elsewhere, so an interrupted, late, repeated or restated build
   repairs itself. In full form: every partition. #}
{% macro partitions_to_build(partition='month', partition_column='month') -%}
    {% if is_incremental() and is_fingerprinted(this) -%}
    {{ partition }} not in (select distinct {{ partition_column }} from {{ this }})
    {%- else -%}
    true
    {%- endif %}
{%- endmacro %}
