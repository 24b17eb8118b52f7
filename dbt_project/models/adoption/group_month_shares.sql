with group_months as (
    select
        group_months.*,
        named.kind_key,
        named.is_unattributed
    from {{ ref('group_months') }} as group_months
    inner join {{ ref('download_groups') }} as named
        on group_months.group_key = named.group_key
),

complete_months as (
    select * from {{ ref('complete_months') }}
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

-- A month's figures where they may be compared with another's.
complete as (
    select
        group_months.month,
        group_months.group_key,
        cast(nullif(group_months.downloads, 0) as double) as downloads,
        cast(nullif(group_months.cumulative_downloads, 0) as double) as cumulative_downloads
    from group_months
    inner join complete_months
        on group_months.month = complete_months.month
    where complete_months.is_complete_month
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
        group_months.downloads / month_before.downloads - 1 as growth_mom,
        group_months.downloads / year_before.downloads - 1 as growth_yoy,
        group_months.cumulative_downloads / year_before.cumulative_downloads - 1
            as cumulative_growth_yoy
    from group_months
    inner join complete_months
        on group_months.month = complete_months.month
    inner join totals
        on group_months.month = totals.month and group_months.kind_key = totals.kind_key
    left join ranks
        on group_months.month = ranks.month and group_months.group_key = ranks.group_key
    left join complete as month_before
        on
            complete_months.is_complete_month
            and group_months.group_key = month_before.group_key
            and month_before.month = cast({{ dbt.dateadd('month', -1, 'group_months.month') }} as date)
    left join complete as year_before
        on
            complete_months.is_complete_month
            and group_months.group_key = year_before.group_key
            and year_before.month = cast({{ dbt.dateadd('month', -12, 'group_months.month') }} as date)
)

select * from final
