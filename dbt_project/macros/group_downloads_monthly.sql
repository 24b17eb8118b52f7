{# The columns that the monthly download tables of region, organisation, family and size bucket
   share: one select over adoption.group_shares. #}
{% macro group_downloads_monthly(group_kind) -%}
with group_shares as (
    select * from {{ ref('group_shares') }}
    where group_kind = '{{ group_kind }}'
)

select
    month,
    population,
    group_member as {{ group_kind }},
    downloads,
    share,
    rank,
    adjustment,
    cumulative_downloads,
    cumulative_share,
    growth_mom,
    growth_yoy,
    cumulative_growth_yoy,
    downloads_interpolated,
    models,
    models_carried,
    newly_covered,
    is_complete_month
from group_shares
{%- endmacro %}
