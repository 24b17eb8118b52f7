{% set kinds = ['region', 'family', 'size_bucket'] %}
with members as (
    select * from {{ ref('members') }}
),

few as (
    {% for kind in kinds %}
    select distinct
        population,
        '{{ kind }}' as group_kind,
        {{ kind }} as group_member
    from members
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

final as (
    select
        org_key as group_key,
        population,
        'org' as group_kind,
        org as group_member
    from members
    where member_key = org_key

    union all

    -- Below 0, and in the order of the names like those of organisations.
    select
        -row_number() over (
            order by population desc, group_kind desc, group_member desc
        ) as group_key,
        population,
        group_kind,
        group_member
    from few
)

select
    group_key,
    population,
    group_kind,
    group_member,
    min(group_key) over (partition by population, group_kind) as kind_key,
    group_member in ('unknown', 'none') as is_unattributed
from final
