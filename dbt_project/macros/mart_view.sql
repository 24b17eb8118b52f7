{# How a mart is kept that only names the rows of another table: as a view, where readers open the
   engine's own file. #}
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
