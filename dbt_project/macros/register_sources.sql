{# Before a run on an engine that keeps no tables of its own: the tables of `raw` are the folders of
   Parquet files that `python -m extract parquet` wrote, one a table, under HUBTIDE_RAW. #}
{% macro register_sources() %}
    {% if execute and flags.WHICH in ['build', 'run', 'seed', 'test'] %}
        {{ return(adapter.dispatch('register_sources', 'hubtide')()) }}
    {% endif %}
{% endmacro %}

{# DuckDB's warehouse holds `raw` itself. #}
{% macro default__register_sources() %}
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
