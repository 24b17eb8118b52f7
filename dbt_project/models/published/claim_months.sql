{{ config(materialized='view') }}

with claims as (
    select * from {{ ref('published_claims') }}
    where kind in ('level', 'flow', 'peak', 'growth')
),

slices as (
    select * from {{ ref('standing_slices') }}
),

sums as (
    select
        claims.figure,
        claims.denominator,
        slices.month,
        sum(case
            when
                {{ meets_condition('claims.numerator_region', 'slices.region') }}
                and {{ meets_condition('claims.numerator_family', 'slices.family') }}
                and {{ meets_condition('claims.numerator_size_bucket', 'slices.size_bucket') }}
                and (
                    slices.org_rank between claims.first_rank and claims.last_rank
                    or (
                        claims.first_rank is null
                        and {{ meets_condition('claims.numerator_organization', 'slices.org') }}
                    )
                )
                then slices.value
        end) as numerator_value,
        sum(case
            when
                {{ meets_condition('claims.denominator_region', 'slices.region') }}
                and {{ meets_condition('claims.denominator_family', 'slices.family') }}
                and {{ meets_condition('claims.denominator_size_bucket', 'slices.size_bucket') }}
                and {{ meets_condition('claims.denominator_organization', 'slices.org') }}
                then slices.value
        end) as denominator_value
    from claims
    inner join slices
        on claims.metric = slices.metric and claims.population = slices.population
    group by claims.figure, claims.denominator, slices.month
),

final as (
    select
        sums.figure,
        sums.denominator,
        sums.month,
        -- Without a derivative among those of the month the share is 0; a model that is not among
        -- the 50 ranked, or not read, is not 0 but unknown.
        case
            when claims.metric = 'new_derivatives' then coalesce(sums.numerator_value, 0)
            else sums.numerator_value
        end as numerator_value,
        case
            when claims.unit = 'share' then nullif(sums.denominator_value, 0)
            else 1
        end as denominator_value,
        sums.month between {{ month_start('claims.period_from') }}
        and {{ month_start('claims.period_to') }} as is_in_period,
        abs({{ months_between(month_start('claims.period_to'), 'sums.month') }}) as months_away
    from sums
    inner join claims
        on sums.figure = claims.figure and sums.denominator = claims.denominator
)

select * from final
