{# Deletes from buckets.name_rule_matches the names that no model has any more, and all of them when
   a rule has changed: a pre-hook, like drop_changed_partitions. #}
{% macro drop_unmatched_names(rules, models) -%}
    {% if is_incremental() -%}
    delete from {{ this }}
    {%- if is_fingerprinted(this) %}
    where
        name not in (select name from {{ models }})
        or fingerprint is distinct from (
            select {{ partition_fingerprint(partition_hash(['rule', 'pattern'])) }} from {{ rules }}
        )
    {%- endif %}
    {%- endif %}
{%- endmacro %}
