{# What the engine itself measures of each statement of a run: its own time, processor time and
   memory, without dbt's. on-run-start begins; on-run-end writes one row per statement to the Parquet
   file that the environment variable HUBTIDE_ENGINE_COSTS names. Without it nothing is measured. #}
{% macro begin_engine_costs() %}
    {% if execute and env_var('HUBTIDE_ENGINE_COSTS', '') %}
        {{ return(adapter.dispatch('begin_engine_costs', 'hubtide')()) }}
    {% endif %}
{% endmacro %}

{% macro duckdb__begin_engine_costs() %}
    call enable_logging('Metrics', storage = 'memory')
{% endmacro %}

{% macro end_engine_costs() %}
    {% set file = env_var('HUBTIDE_ENGINE_COSTS', '') %}
    {% if execute and file %}
        {{ return(adapter.dispatch('end_engine_costs', 'hubtide')(file)) }}
    {% endif %}
{% endmacro %}

{# `table_name` is the node whose table a statement fills or empties, null for all others (data
   tests, renamings, checks of columns). dbt builds incremental models in full under a name of its own. #}
{% macro duckdb__end_engine_costs(file) %}
    {% set filled = '(?i)^\\s*(?:create\\s+(?:or replace\\s+)?(?:temporary\\s+)?table|insert into|delete from)'
        ~ '\\s+(?:"\\w+"\\."\\w+"\\.)?"(\\w+?)(?:__dbt_tmp\\w*)?"' %}
    copy (
        with statements as (
            select
                any_value(value) filter (where metric = 'query.sql') as statement,
                any_value(start_time) filter (where metric = 'query.total_time') as started_at,
                any_value(end_time) filter (where metric = 'query.total_time') as ended_at,
                {% for name, metric, type in [
                    ('seconds', 'query.total_time', 'double'),
                    ('cpu_seconds', 'query.cpu_time', 'double'),
                    ('peak_bytes', 'system.peak_buffer_memory', 'bigint'),
                    ('spilled_bytes', 'system.peak_temp_dir_size', 'bigint'),
                    ('written_bytes', 'io.total_bytes_written', 'bigint'),
                    ('rows_scanned', 'query.total_rows_scanned', 'bigint'),
                ] %}
                max(try_cast(value as {{ type }})) filter (where metric = '{{ metric }}')
                    as {{ name }}{% if not loop.last %},{% endif %}
                {% endfor %}
            from duckdb_logs_parsed('Metrics')
            group by context_id
        )

        select
            * exclude (statement),
            nullif(regexp_extract(statement, '{{ filled }}', 1), '') as table_name
        from statements
    ) to '{{ file.replace("'", "''") }}' (format parquet)
{% endmacro %}

{# Other engines measure for themselves: Spark in its event log. #}
{% macro default__begin_engine_costs() %}
{% endmacro %}

{% macro default__end_engine_costs(file) %}
{% endmacro %}
