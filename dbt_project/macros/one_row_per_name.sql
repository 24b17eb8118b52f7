{# As with_canonical_name, but one row for each model: of two rows under an old and a present name
   the one under the present name counts, else the first by name. A join on `folded_name` then
   never multiplies a model, whatever a seed or an outside file repeats. #}
{% macro one_row_per_name(relation, name_column, former_names=none) -%}
    select ranked.*
    from (
        select
            canonical.*,
            row_number() over (
                partition by canonical.folded_name
                order by
                    case when canonical.{{ name_column }} = canonical.canonical_id then 0 else 1 end,
                    canonical.{{ name_column }}
            ) as spelling_rank
        from (
            {{ with_canonical_name(relation, name_column, former_names) }}
        ) as canonical
    ) as ranked
    where ranked.spelling_rank = 1
{%- endmacro %}
