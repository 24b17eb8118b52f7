with group_months as (
    select
        group_months.*,
        named.population,
        named.kind_key,
        named.is_unattributed
    from {{ ref('group_months') }} as group_months
    inner join {{ ref('download_groups') }} as named
        on group_months.group_key = named.group_key
),

populations_months as (
    select
        'tracked' as population,
        month,
        is_complete_month
    from {{ ref('complete_months') }}

    union all

    select
        'hub' as population,
        month,
        is_complete_hub_month as is_complete_month
    from {{ ref('complete_months') }}
),

-- Growth is told of two months that both are complete.
complete_months as (
    select
        months.population,
        months.month,
        months.is_complete_month,
        months.is_complete_month and coalesce(month_before.is_complete_month, false) as has_month_before,
        months.is_complete_month and coalesce(year_before.is_complete_month, false) as has_year_before
    from populations_months as months
    left join populations_months as month_before
        on
            months.population = month_before.population
            and month_before.month = cast({{ dbt.dateadd('month', -1, 'months.month') }} as date)
    left join populations_months as year_before
        on
            months.population = year_before.population
            and year_before.month = cast({{ dbt.dateadd('month', -12, 'months.month') }} as date)
),

totals as (
    select
        month,
        kind_key,
        cast(nullif(sum(downloads), 0) as double) as downloads,
        cast(nullif(sum(cumulative_downloads), 0) as double) as cumulative_downloads
    from group_months
    group by month, kind_key
),

-- `unknown` and models of no family are never leaders. Numbers are in the order of names, so ties
-- break on these.
ranks as (
    select
        month,
        group_key,
        cast(row_number() over (
            partition by month, kind_key order by downloads desc, group_key
        ) as bigint) as rank
    from group_months
    where not is_unattributed and downloads is not null
),

final as (
    select
        group_months.month,
        group_months.group_key,
        group_months.downloads,
        group_months.adjustment,
        group_months.cumulative_downloads,
        group_months.downloads_interpolated,
        group_months.newly_covered,
        group_months.models,
        group_months.models_carried,
        complete_months.is_complete_month,
        group_months.downloads / totals.downloads as share,
        group_months.cumulative_downloads / totals.cumulative_downloads as cumulative_share,
        ranks.rank,
        case
            when complete_months.has_month_before
                then group_months.downloads / cast(nullif(group_months.downloads_month_before, 0) as double) - 1
        end as growth_mom,
        case
            when complete_months.has_year_before
                then group_months.downloads / cast(nullif(group_months.downloads_year_before, 0) as double) - 1
        end as growth_yoy,
        case
            when complete_months.has_year_before
                then
                    group_months.cumulative_downloads
                    / cast(nullif(group_months.cumulative_downloads_year_before, 0) as double) - 1
        end as cumulative_growth_yoy
    from group_months
    inner join complete_months
        on
            group_months.population = complete_months.population
            and group_months.month = complete_months.month
    inner join totals
        on group_months.month = totals.month and group_months.kind_key = totals.kind_key
    left join ranks
        on group_months.month = ranks.month and group_months.group_key = ranks.group_key
)

select * from final
