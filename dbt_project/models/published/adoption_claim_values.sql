{{ config(materialized='view') }}

with claims as (
    select * from {{ ref('published_claims') }}
    where kind = 'adoption'
),

models as (
    select * from {{ ref('models') }}
    where has_readings
),

scores as (
    select * from {{ ref('relative_adoption') }}
    where not is_wide_gap
),

-- A name may be a release of several repositories: the one with the most downloads then.
named as (
    select
        claims.figure,
        claims.denominator,
        claims.horizon,
        models.model_id
    from claims
    inner join models
        on claims.model_id = models.model_id or claims.model_id = models.release_id
),

ranked as (
    select
        named.figure,
        named.denominator,
        scores.model_id,
        scores.ram_median,
        scores.reference_median_models,
        scores.reference_as_of,
        row_number() over (
            partition by named.figure, named.denominator
            order by
                case
                    when named.horizon = 'peak' then scores.ram_median
                    else scores.cumulative_downloads
                end desc nulls last,
                scores.model_id,
                scores.horizon_days
        ) as place
    from named
    inner join scores
        on
            named.model_id = scores.model_id
            and (
                named.horizon = 'peak'
                or named.horizon = cast(scores.horizon_days as {{ dbt.type_string() }})
            )
),

final as (
    select
        figure,
        denominator,
        model_id,
        ram_median as value,
        reference_median_models,
        reference_as_of as value_on
    from ranked
    where place = 1
)

select * from final
