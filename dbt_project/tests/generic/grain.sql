{# The columns together identify a row: no two rows share them, and none of them is null.
   One query a table: dbt's own unique and not_null would be one a column. #}
{% test grain(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
