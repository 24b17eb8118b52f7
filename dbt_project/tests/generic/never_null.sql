{# None of the columns is ever null. One query a table. #}
{% test never_null(model, columns) %}
select *
from {{ model }}
where
    {% for column in columns -%}
    {{ 'or ' if not loop.first }}{{ column }} is null
    {% endfor %}
{% endtest %}
