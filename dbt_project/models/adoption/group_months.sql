-- Organisations are many and summed by number; the other groups are few, and sums of those sums.
with slices as (
    select
        member_months.month,
        members.population,
        members.region,
        members.family,
        members.size_bucket,
        members.org_key,
        cast(sum(member_months.downloads) as bigint) as downloads,
        cast(sum(member_months.adjustment) as bigint) as adjustment,
        cast(sum(member_months.cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(member_months.downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(member_months.newly_covered) as bigint) as newly_covered,
        cast(sum(member_months.models) as bigint) as models,
        cast(sum(member_months.models_carried) as bigint) as models_carried
    from {{ ref('member_months') }} as member_months
    inner join {{ ref('members') }} as members
        on member_months.member_key = members.member_key
    group by
        grouping sets (
            (member_months.month, members.org_key),
            (
                member_months.month, members.population, members.region, members.family,
                members.size_bucket
            )
        )
),

names as (
    select distinct
        org_key,
        population,
        org
    from {{ ref('members') }}
),

{% set kinds = ['region', 'family', 'size_bucket'] %}
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
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(sum(cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(newly_covered) as bigint) as newly_covered,
        cast(sum(models) as bigint) as models,
        cast(sum(models_carried) as bigint) as models_carried
    from slices
    where org_key is null
    group by grouping sets (
        {% for kind in kinds %}
        (month, population, {{ kind }}){% if not loop.last %},{% endif %}
        {% endfor %}
    )
),

final as (
    select * from few

    union all

    select
        slices.month,
        names.population,
        'org' as group_kind,
        names.org as group_member,
        slices.downloads,
        slices.adjustment,
        slices.cumulative_downloads,
        slices.downloads_interpolated,
        slices.newly_covered,
        slices.models,
        slices.models_carried
    from slices
    inner join names
        on slices.org_key = names.org_key
)

select * from final
