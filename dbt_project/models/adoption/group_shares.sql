with group_months as (
    select * from {{ ref('group_months') }}
),

complete_months as (
    select * from {{ ref('complete_months') }}
),

totals as (
    select
        month,
        population,
        group_kind,
        cast(nullif(sum(downloads), 0) as double) as downloads,
        cast(nullif(sum(cumulative_downloads), 0) as double) as cumulative_downloads
    from group_months
    group by month, population, group_kind
),

shares as (
    select
        group_months.*,
        complete_months.is_complete_month,
        group_months.downloads / totals.downloads as share,
        group_months.cumulative_downloads / totals.cumulative_downloads as cumulative_share,
        -- `unknown` and models of no family are never leaders.
        case
            when
                group_months.group_member not in ('unknown', 'none')
                and group_months.downloads is not null
                then cast(row_number() over (
                    partition by
                        group_months.month,
                        group_months.population,
                        group_months.group_kind,
                        group_months.group_member in ('unknown', 'none')
                    order by group_months.downloads desc nulls last, group_months.group_member
                ) as bigint)
        end as rank
    from group_months
    inner join complete_months
        on group_months.month = complete_months.month
    inner join totals
        on
            group_months.month = totals.month
            and group_months.population = totals.population
            and group_months.group_kind = totals.group_kind
),

final as (
    select
        shares.*,
        case when shares.is_complete_month and month_before.is_complete_month
            then shares.downloads / nullif(cast(month_before.downloads as double), 0) - 1
        end as growth_mom,
        case when shares.is_complete_month and year_before.is_complete_month
            then shares.downloads / nullif(cast(year_before.downloads as double), 0) - 1
        end as growth_yoy,
        case when shares.is_complete_month and year_before.is_complete_month
            then shares.cumulative_downloads
                / nullif(cast(year_before.cumulative_downloads as double), 0) - 1
        end as cumulative_growth_yoy
    from shares
    left join shares as month_before
        on
            shares.population = month_before.population
            and shares.group_kind = month_before.group_kind
            and shares.group_member = month_before.group_member
            and month_before.month = cast({{ dbt.dateadd('month', -1, 'shares.month') }} as date)
    left join shares as year_before
        on
            shares.population = year_before.population
            and shares.group_kind = year_before.group_kind
            and shares.group_member = year_before.group_member
            and year_before.month = cast({{ dbt.dateadd('month', -12, 'shares.month') }} as date)
)

select * from final
