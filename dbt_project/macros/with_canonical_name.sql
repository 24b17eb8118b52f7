{# Every row of a relation with the name its repository has after the alias seeds, and that
   name case-folded: how text from any source finds its model. A model alias wins over an
   organisation alias. With `former_names` (ref('former_names')) a name that the Hub's repository has
   left is followed to the one it has today. Adds `canonical_id` and `folded_name`. #}
{% macro with_canonical_name(relation, name_column, former_names=none) -%}
    {%- set aliased -%}
        coalesce(
            model_aliases.model_id,
            organization_aliases.org
            || substr(named.{{ name_column }}, {{ dbt.position("'/'", 'named.' ~ name_column) }}),
            named.{{ name_column }}
        )
    {%- endset -%}
    {%- set canonical = 'coalesce(former_names.model_id, ' ~ aliased ~ ')' if former_names else aliased -%}
    select
        named.*,
        {{ canonical }} as canonical_id,
        lower({{ canonical }}) as folded_name
    from {{ relation }} as named
    left join {{ ref('model_aliases') }} as model_aliases
        on lower(named.{{ name_column }}) = lower(model_aliases.alias_model_id)
    left join {{ ref('organization_aliases') }} as organization_aliases
        on
            {{ dbt.position("'/'", 'named.' ~ name_column) }} > 0
            and lower({{ dbt.split_part('named.' ~ name_column, "'/'", 1) }})
            = lower(organization_aliases.alias_org)
    {% if former_names -%}
    left join {{ former_names }} as former_names
        on lower({{ aliased }}) = former_names.folded_name
    {%- endif %}
{%- endmacro %}
