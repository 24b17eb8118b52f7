with bases as (
    select * from {{ ref('derivative_bases') }}
),

models as (
    select * from {{ ref('models') }}
),

counters as (
    select * from {{ ref('model_counter_after_30_days') }}
),

organizations as (
    select * from {{ ref('organizations') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

dated as (
    select
        {{ month_start('derivatives.created_on') }} as month,
        bases.attribution,
        base_models.org as base_org,
        base_models.region,
        coalesce(base_models.family, 'none') as family,
        bases.relation,
        bases.model_key,
        bases.weight,
        coalesce(organizations.is_tracked, false) as is_tracked_org,
        coalesce(counters.counter_30d > {{ var('derivative_min_downloads') }}, false)
            as passes_filter,
        coalesce(counters.is_later_reading, false) as is_later_reading
    from bases
    inner join models as derivatives
        on bases.model_key = derivatives.model_key
    inner join models as base_models
        on bases.base_key = base_models.model_key
    left join organizations
        on base_models.org = organizations.org
    left join counters
        on bases.model_key = counters.model_key
    where derivatives.created_on is not null
),

-- Several bases of one row make one repository.
per_model as (
    select
        month,
        attribution,
        base_org,
        region,
        family,
        relation,
        is_tracked_org,
        passes_filter,
        is_later_reading,
        model_key,
        sum(weight) as weight
    from dated
    group by
        month,
        attribution,
        base_org,
        region,
        family,
        relation,
        is_tracked_org,
        passes_filter,
        is_later_reading,
        model_key
),

summed as (
    select
        month,
        attribution,
        base_org,
        region,
        family,
        relation,
        is_tracked_org,
        sum(weight) as derivatives,
        count(*) as derivative_models,
        sum(case when passes_filter then weight end) as passing_derivatives,
        sum(case when passes_filter then 1 else 0 end) as passing_models,
        sum(case when passes_filter and is_later_reading then 1 else 0 end)
            as later_reading_models
    from per_model
    group by month, attribution, base_org, region, family, relation, is_tracked_org
),

grouped as (
    select
        month,
        attribution,
        false as filtered,
        base_org,
        region,
        family,
        relation,
        is_tracked_org,
        derivatives as new_derivatives,
        derivative_models as new_derivative_models,
        0 as later_reading_models
    from summed

    union all

    select
        month,
        attribution,
        true as filtered,
        base_org,
        region,
        family,
        relation,
        is_tracked_org,
        passing_derivatives as new_derivatives,
        passing_models as new_derivative_models,
        later_reading_models
    from summed
    where passing_models > 0
),

with_totals as (
    select
        *,
        sum(new_derivatives) over (partition by month, attribution, filtered) as all_derivatives,
        sum(case when is_tracked_org then new_derivatives end) over (
            partition by month, attribution, filtered
        ) as tracked_derivatives
    from grouped
),

final as (
    select
        with_totals.*,
        {{ add_days(
            month_end('with_totals.month'),
            'case when with_totals.filtered then ' ~ var('derivative_age_days') ~ ' else 0 end'
        ) }} > as_of.as_of as is_provisional
    from with_totals
    cross join as_of
)

select
    month,
    attribution,
    filtered,
    base_org,
    family,
    relation,
    region,
    cast(new_derivatives as decimal(38, 18)) as new_derivatives,
    cast(new_derivative_models as bigint) as new_derivative_models,
    cast(
        case
            when is_tracked_org
                then cast(new_derivatives as double) / cast(tracked_derivatives as double)
        end as double
    ) as share,
    cast(new_derivatives as double) / cast(all_derivatives as double) as share_all,
    cast(later_reading_models as bigint) as later_reading_models,
    is_provisional
from final
