{% set kinds = ['region', 'org', 'family', 'size_bucket'] %}

with members as (
    select * from {{ ref('member_months') }}
),

-- One pass for all kinds of group.
grouped as (
    select
        month,
        population,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then '{{ kind }}' {% endfor %}
        end as group_kind,
        case
            {% for kind in kinds %}when grouping({{ kind }}) = 0 then {{ kind }} {% endfor %}
        end as group_member,
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(sum(cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(newly_covered) as bigint) as newly_covered,
        cast(sum(models) as bigint) as models,
        cast(sum(models_carried) as bigint) as models_carried
    from members
    group by grouping sets (
        {% for kind in kinds %}
        (month, population, {{ kind }}){% if not loop.last %},{% endif %}
        {% endfor %}
    )
)

select * from grouped
