{# The columns together identify a row: no two rows share them, and none of them is null. Nor is
   any of the columns `never_null`. Each row of the result says in `broken` which of these it breaks.
   One query a table: dbt's own unique and not_null would be one a column. #}
{% test grain(model, columns, never_null=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as copies,
    concat_ws(
        ', ',
        case when count(*) > 1 then 'rows share {{ columns | join(', ') }}' end
        {%- for column in columns + never_null %},
        case when count({{ column }}) < count(*) then '{{ column }} is null' end
        {%- endfor %}
    ) as broken
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns + never_null %}
    or count({{ column }}) < count(*)
    {%- endfor %}
{% endtest %}
