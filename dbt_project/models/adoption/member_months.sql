-- One pass over the models' months: every group is a sum of these.
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
        model_months.month,
        keyed.member_key,
        cast(sum(model_months.downloads) as bigint) as downloads,
        cast(sum(model_months.adjustment) as bigint) as adjustment,
        cast(sum(model_months.cumulative_downloads) as bigint) as cumulative_downloads,
        cast(sum(model_months.downloads_interpolated) as bigint) as downloads_interpolated,
        cast(sum(model_months.downloads_before_history) as bigint) as newly_covered,
        count(*) as models,
        count(case when model_months.is_carried then 1 end) as models_carried
    from {{ ref('model_months') }} as model_months
    inner join keyed
        on model_months.model_key = keyed.model_key
    group by model_months.month, keyed.member_key
)

select * from final
