{# Whether an incremental model is built whole: dbt's own rule, in a form that an engine can replace. #}
{% macro should_full_refresh() %}
    {{ return(adapter.dispatch('should_full_refresh', 'hubtide')()) }}
{% endmacro %}

{% macro default__should_full_refresh() %}
    {% set asked = config.get('full_refresh') %}
    {{ return(flags.FULL_REFRESH if asked is none else asked) }}
{% endmacro %}

{# Parquet tables on Spark have no delete: models of partitions are built whole. Those whose rows are
   never touched again (`full_refresh: false`) append, as everywhere. #}
{% macro spark__should_full_refresh() %}
    {% set asked = config.get('full_refresh') %}
    {{ return(true if asked is none else asked) }}
{% endmacro %}
