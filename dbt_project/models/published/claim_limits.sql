with claims as (
    select * from {{ ref('published_claims') }}
),

claim_values as (
    select * from {{ ref('claim_values') }}
),

about as (
    select * from {{ ref('about') }}
),

list_coverage as (
    select * from {{ ref('list_coverage') }}
),

hub_read_days as (
    select * from {{ ref('hub_read_days') }}
),

derivatives as (
    select
        month,
        cast(sum(new_derivatives) as double) as new_derivatives,
        cast(sum(new_derivative_models) as double) as new_derivative_models,
        cast(sum(later_reading_models) as double) as later_reading_models
    from {{ ref('derivatives_monthly') }}
    where attribution = 'direct' and filtered and share is not null
    group by month
),

whole_hub as (
    select count(*) > 0 as is_read
    from hub_read_days
    where is_complete and scope = 'hub'
),

later_readings as (
    select
        claims.figure,
        claims.denominator,
        sum(derivatives.new_derivatives) as derivatives,
        sum(derivatives.later_reading_models)
        / nullif(sum(derivatives.new_derivative_models), 0) as later_share
    from claims
    inner join derivatives
        on
            derivatives.month
            between {{ month_start('claims.period_from') }} and {{ month_start('claims.period_to') }}
    where claims.evidence = 'derivatives'
    group by claims.figure, claims.denominator
),

final as (
    select
        claims.figure,
        claims.denominator,
        about.data_kind,
        whole_hub.is_read as is_whole_hub_read,
        list_coverage.listed_models,
        list_coverage.listed_models_covered,
        list_coverage.listed_models_covered / nullif(cast(list_coverage.listed_models as double), 0)
            as coverage,
        list_coverage.unlisted_share,
        later_readings.later_share,
        later_readings.derivatives,
        coalesce(case
            when claims.kind = 'adoption'
                then coalesce(
                    'no counter of ' || claims.model_id || ' is known '
                    || nullif(claims.horizon, 'peak') || ' days after its release',
                    'no launch of ' || claims.model_id || ' was seen'
                )
            when coalesce(claims.period_from, claims.period_to) < claim_values.public_from
                then
                    claim_values.evidence_name || ' are public from '
                    || cast(claim_values.public_from as {{ dbt.type_string() }})
                    || ', earlier ones cannot be recomputed'
            when claim_values.first_day > claims.period_from
                then
                    claim_values.evidence_name || ' begin on '
                    || cast(claim_values.first_day as {{ dbt.type_string() }})
            else claim_values.evidence_name || ' end on ' || cast(claim_values.last_day as {{ dbt.type_string() }})
        end, 'nothing is loaded') || case
            when claim_values.nearest is not null and claims.evidence = 'counters'
                then coalesce(
                    ', when ' || {{ thousands('list_coverage.listed_models_covered') }} || ' of '
                    || {{ thousands('list_coverage.listed_models') }} || ' listed models have one',
                    ''
                )
            else ''
        end as no_history_reason,
        case
            when claims.kind = 'adoption'
                then
                    cast(coalesce(claim_values.reference_median_models, 0) as {{ dbt.type_string() }})
                    || ' of the {{ var("reference_models") }} largest models of its size have a known launch'
            when claims.evidence = 'rankings' then 'none of it is among the 50 ranked models'
            when claims.evidence = 'derivatives' then 'no derivative of the period was read'
            when claims.kind in ('flow', 'phase') then 'no complete month of the period is known'
            else 'none of it was read'
        end as no_value_reason
    from claims
    cross join about
    cross join whole_hub
    inner join claim_values
        on
            claims.figure = claim_values.figure
            and claims.denominator = claim_values.denominator
    left join list_coverage
        on
            {{ month_start(
                'case when claim_values.is_covered then claim_values.value_on '
                ~ 'else claim_values.nearest_as_of end'
            ) }} = list_coverage.month
    left join later_readings
        on
            claims.figure = later_readings.figure
            and claims.denominator = later_readings.denominator
)

select * from final
