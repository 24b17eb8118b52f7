{# Before a run on an engine that does not hold `raw` itself: its tables are the folders of Parquet files
   that `python -m extract parquet` wrote, one a table, under HUBTIDE_RAW. #}
{% macro register_sources() %}
    {% if execute and flags.WHICH in ['build', 'run', 'seed', 'test'] %}
        {{ return(adapter.dispatch('register_sources', 'hubtide')()) }}
    {% endif %}
{% endmacro %}

{# DuckDB's warehouse holds `raw`, or nothing has been loaded: then one error, not one of each model. In
   DuckLake they are views, which see new files by themselves: only those that are missing are made, so
   that processes do not wait for each other. #}
{% macro default__register_sources() %}
    {% if target.name == 'ducklake' %}
        {% set schema = target.database ~ '.raw' %}
        {% do run_query('create schema if not exists ' ~ schema) %}
        {% set standing = run_query(
            "select table_name from information_schema.tables where table_schema = 'raw' and table_catalog = '"
            ~ target.database ~ "'"
        ).columns[0].values() %}
        {% for source in graph.sources.values()
            if source.source_name == 'raw' and source.name not in standing %}
            {% do run_query(
                'create view ' ~ schema ~ '.' ~ source.name ~ " as from read_parquet('"
                ~ env_var('HUBTIDE_RAW') ~ '/' ~ source.name ~ "/*.parquet')"
            ) %}
        {% endfor %}
    {% elif target.name == 'duckdb' and flags.WHICH != 'seed' and run_query(
        "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'loads'"
    ).rows[0][0] == 0 %}
        {{ exceptions.raise_compiler_error(
            'nothing has been loaded into this warehouse: run `make run` or `make import DIR=…` first, or say '
            ~ 'where it is with HUBTIDE_HOME (`../sample` after `make run`)'
        ) }}
    {% endif %}
{% endmacro %}

{# Anew each time: an external table remembers the files that it had. #}
{% macro spark__register_sources() %}
    {% set folder = env_var('HUBTIDE_RAW') %}
    {% do run_query('create schema if not exists raw') %}
    {% for source in graph.sources.values() if source.source_name == 'raw' %}
        {% do run_query('drop table if exists raw.' ~ source.name) %}
        {% do run_query(
            'create table raw.' ~ source.name ~ " using parquet location '" ~ folder ~ '/' ~ source.name ~ "'"
        ) %}
    {% endfor %}
{% endmacro %}
