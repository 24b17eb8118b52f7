{{ config(materialized='view') }}

with claims as (
    select
        *,
        coalesce(numerator_region, numerator_organization, numerator_family) as member,
        coalesce(denominator_region, denominator_organization, denominator_family) as other_member,
        case
            when numerator_region is not null then 'region'
            when numerator_organization is not null then 'org'
            else 'family'
        end as leader_kind
    from {{ ref('published_claims') }}
),

crossovers as (
    select * from {{ ref('crossovers') }}
    where status != 'reverted'
),

phases as (
    select * from {{ ref('dominance_phases') }}
),

models as (
    select * from {{ ref('dim_models') }}
),

bounds as (
    select * from {{ ref('evidence_bounds') }}
),

crossed as (
    select
        claims.figure,
        claims.denominator,
        min(crossovers.crossed_on) as value_on,
        coalesce(cast(min(crossovers.crossed_on) as {{ dbt.type_string() }}), 'no crossing') as value_text
    from claims
    left join crossovers
        on
            claims.metric = crossovers.metric
            and claims.population = crossovers.population
            and claims.leader_kind = crossovers.leader_kind
            and claims.member = crossovers.overtaker
            and claims.other_member = crossovers.overtaken
    where claims.kind = 'crossover'
    group by claims.figure, claims.denominator
),

led as (
    select
        claims.figure,
        claims.denominator,
        least(claims.period_to, bounds.last_day) as value_on,
        {{ dbt.listagg(
            'phases.leader', "', then '", 'order by phases.phase'
        ) }} as value_text
    from claims
    inner join bounds
        on claims.evidence = bounds.evidence
    inner join phases
        on
            claims.metric = phases.metric
            and claims.population = phases.population
            and claims.leader_kind = phases.leader_kind
            and claims.period_from <= {{ month_end('phases.last_month') }}
            and claims.period_to >= phases.first_month
    where claims.kind = 'phase'
    group by claims.figure, claims.denominator, claims.period_to, bounds.last_day
),

released as (
    select
        claims.figure,
        claims.denominator,
        min(models.released_on) as value_on,
        cast(min(models.released_on) as {{ dbt.type_string() }}) as value_text
    from claims
    inner join models
        on claims.numerator_family = models.family
    where claims.kind = 'release'
    group by claims.figure, claims.denominator
),

final as (
    select * from crossed
    union all
    select * from led
    union all
    select * from released
)

select
    figure,
    denominator,
    value_text,
    value_on
from final
