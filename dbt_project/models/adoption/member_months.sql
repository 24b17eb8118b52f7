-- What each month changes: every group is a running sum of these (macros/running_months.sql).
with members as (
    select * from {{ ref('members') }}
),

keyed as (
    select
        populations.model_key,
        members.member_key
    from {{ ref('model_populations') }} as populations
    inner join members
        on
            populations.population = members.population
            and populations.org = members.org
            and populations.region = members.region
            and coalesce(populations.family, 'none') = members.family
            and populations.size_bucket = members.size_bucket
),

final as (
    select
        changes.month,
        keyed.member_key,
        cast(coalesce(sum(changes.downloads), 0) as bigint) as downloads,
        cast(sum(changes.adjustment) as bigint) as adjustment,
        cast(coalesce(sum(changes.downloads_interpolated), 0) as bigint) as downloads_interpolated,
        cast(sum(changes.downloads_before_history) as bigint) as newly_covered,
        count(case when changes.is_first_month then 1 end) as models_new,
        count(case when changes.downloads is null then 1 end) as models_unknown,
        count(case when changes.is_carried then 1 end) as models_carried
    from {{ ref('model_month_changes') }} as changes
    inner join keyed
        on changes.model_key = keyed.model_key
    group by changes.month, keyed.member_key
)

select * from final
