{# How a mart is kept that only shows the rows of other tables: as a view, where readers open the
   engine's own file. Every mart that is a view on DuckDB asks here. #}
{% macro mart_view() %}
    {{ return(adapter.dispatch('mart_view', 'hubtide')()) }}
{% endmacro %}

{% macro default__mart_view() %}
    {{ return('view') }}
{% endmacro %}

{# On Spark readers have the files, and a view has none. #}
{% macro spark__mart_view() %}
    {{ return('table') }}
{% endmacro %}
