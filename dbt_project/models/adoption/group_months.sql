{{ config(materialized='view') }}

{% set kinds = ['region', 'family', 'size_bucket'] %}

-- Organisations are many and summed by number.
with organizations as (
    select
        month,
        org_key as group_key,
        {{ summed_changes() }}
    from {{ ref('member_changes') }}
    group by month, org_key
),

-- The other groups are few, and sums of these.
slices as (
    select
        month,
        slice_key,
        {{ summed_changes() }}
    from {{ ref('member_changes') }}
    group by month, slice_key
),

named_slices as (
    select
        slices.*,
        members.population,
        members.region,
        members.family,
        members.size_bucket
    from slices
    inner join {{ ref('members') }} as members
        on slices.slice_key = members.member_key
),

few as (
    select
        month,
        population,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then '{{ kind }}' {% endfor %}
        end as group_kind,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then {{ kind }} {% endfor %}
        end as group_member,
        {{ summed_changes() }}
    from named_slices
    group by grouping sets (
        {% for kind in kinds %}
        (month, population, {{ kind }}){% if not loop.last %},{% endif %}
        {% endfor %}
    )
),

changes as (
    select * from organizations

    union all

    select
        few.month,
        named.group_key,
        few.downloads,
        few.adjustment,
        few.downloads_interpolated,
        few.newly_covered,
        few.models_new,
        few.models_unknown,
        few.models_carried
    from few
    inner join {{ ref('download_groups') }} as named
        on
            few.population = named.population
            and few.group_kind = named.group_kind
            and few.group_member = named.group_member
),

final as (
    {{ running_months('changes', 'group_key') }}
)

select * from final
