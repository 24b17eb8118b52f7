{# The rows of a relation in the first places of their groups, with `place`: by value, then by the
   columns of `ties`. The value of the last place is asked first, which engines find in one pass; only
   the rows that reach it are sorted. Sorting all of half a million organisations a month costs ten
   times as much. #}
{% macro first_places(relation, condition, groups, value, ties, places) -%}
(
    select *
    from (
        select
            rows_.*,
            row_number() over (
                partition by rows_.{{ groups | join(', rows_.') }}
                order by rows_.{{ value }} desc, rows_.{{ ties | join(', rows_.') }}
            ) as place
        from {{ relation }} as rows_
        inner join (
            select
                {{ groups | join(', ') }},
                min({{ value }}) as least
            from (
                select
                    {{ groups | join(', ') }},
                    {{ value }},
                    row_number() over (
                        partition by {{ groups | join(', ') }}
                        order by {{ value }} desc
                    ) as place
                from {{ relation }}
                where {{ condition }}
            ) as placed
            where place <= {{ places }}
            group by {{ groups | join(', ') }}
        ) as thresholds
            on
                {% for group in groups -%}
                rows_.{{ group }} = thresholds.{{ group }}
                and {% endfor -%}
                coalesce(rows_.{{ value }} >= thresholds.least, true)
        where {{ condition }}
    ) as candidates
    where place <= {{ places }}
)
{%- endmacro %}
