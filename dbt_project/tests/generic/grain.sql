{# The columns together identify a row: no two rows share them, and none of them is null. Nor is
   any of the columns `never_null`. Those of `values` are null or one of those values.
   Each row of the result says in `broken` which of these it breaks.
   One query a table: dbt's own unique, not_null and accepted_values would be one a column. #}
{% test grain(model, columns, never_null=[], values={}) %}
select
    {{ columns | join(', ') }},
    count(*) as copies,
    concat_ws(
        ', ',
        case when count(*) > 1 then 'rows share {{ columns | join(', ') }}' end
        {%- for column in columns + never_null %},
        case when count({{ column }}) < count(*) then '{{ column }} is null' end
        {%- endfor %}
        {%- for column, accepted in values.items() %},
        case
            when count(case when {{ column }} not in ('{{ accepted | join("', '") }}') then 1 end) > 0
                then '{{ column }} is none of {{ accepted | join(', ') }}'
        end
        {%- endfor %}
    ) as broken
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns + never_null %}
    or count({{ column }}) < count(*)
    {%- endfor %}
    {%- for column, accepted in values.items() %}
    or count(case when {{ column }} not in ('{{ accepted | join("', '") }}') then 1 end) > 0
    {%- endfor %}
{% endtest %}
