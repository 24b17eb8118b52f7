{# The partitions that an incremental model has to build, as a list of ISO dates: those whose
   fingerprint is not the one that stands in its own table. None where all are built. Nothing is
   remembered elsewhere, so an interrupted, late, repeated or restated build repairs itself.

   Asked before the model runs, so that its SQL has the dates as constants: the engine then reads
   only the parts of its inputs that hold them, where a subquery would read all. #}
{% macro changed_partitions(fingerprints, partition_column='month', settings=[]) -%}
    {% if not (execute and is_incremental() and is_fingerprinted(this)) %}
        {{ return(none) }}
    {% endif %}
    {% set changed %}
        select expected.month
        from {{ fingerprints }} as expected
        where not exists (
            select 1
            from (
                select distinct
                    {{ partition_column }} as month,
                    fingerprint
                from {{ this }}
            ) as standing
            where
                standing.month = expected.month
                and standing.fingerprint
                = {{ partition_fingerprint('expected.fingerprint', settings) }}
        )
        order by expected.month
    {% endset %}
    {{ return(run_query(changed).columns[0].values() | map('string') | list) }}
{%- endmacro %}

{# The condition that a partition is one of `changed_partitions`. #}
{% macro is_in_partitions(partition, changed) -%}
    {%- if changed is none -%}
    true
    {%- elif changed | length == 0 -%}
    false
    {%- else -%}
    {{ partition }} in (date '{{ changed | join("', date '") }}')
    {%- endif -%}
{%- endmacro %}

{# The condition that any partition is built at all: a part that reads much is then not read for
   nothing. #}
{% macro are_any_partitions(changed) -%}
    {{ 'false' if changed is not none and changed | length == 0 else 'true' }}
{%- endmacro %}

{# The condition that the days from one to another may lie in the months of `changed_partitions`:
   a wider one, which is quick to tell. #}
{% macro is_near_partitions(from_day, to_day, changed) -%}
    {%- if changed -%}
    {{ to_day }} >= date '{{ changed[0] }}'
        and {{ from_day }} <= {{ month_end("date '" ~ changed[-1] ~ "'") }}
    {%- else -%}
    {{ is_in_partitions('', changed) }}
    {%- endif -%}
{%- endmacro %}
