with claims as (
    select * from {{ ref('published_claims') }}
),

bounds as (
    select * from {{ ref('evidence_bounds') }}
),

monthly as (
    select * from {{ ref('monthly_claim_values') }}
),

events as (
    select * from {{ ref('event_claim_values') }}
),

adoption as (
    select * from {{ ref('adoption_claim_values') }}
),

-- A level needs a day of the period, growth one at each end, everything else the whole period. A
-- crossing needs the eve too: who is ahead on the first day of the data may have been before.
final as (
    select
        claims.figure,
        claims.denominator,
        coalesce(monthly.value, adoption.value) as value,
        events.value_text,
        coalesce(monthly.value_on, events.value_on, adoption.value_on) as value_on,
        monthly.nearest,
        monthly.nearest_as_of,
        adoption.model_id,
        adoption.reference_median_models,
        bounds.evidence_name,
        bounds.public_from,
        bounds.first_day,
        bounds.last_day,
        coalesce(case claims.kind
            when 'level'
                then claims.period_from <= bounds.last_day and claims.period_to >= bounds.first_day
            when 'growth'
                then
                    {{ month_end('claims.period_from') }} >= bounds.first_day
                    and {{ month_start('claims.period_to') }} <= bounds.last_day
            when 'release' then true
            when 'adoption' then adoption.figure is not null
            when 'crossover'
                then claims.period_from > bounds.first_day and claims.period_to <= bounds.last_day
            -- A counter's rise on the first day is known from its eve.
            when 'flow'
                then
                    claims.period_from
                    > {{ add_days('bounds.first_day', "case when claims.evidence = 'counters' then 0 else -1 end") }}
                    and claims.period_to <= bounds.last_day
            else claims.period_from >= bounds.first_day and claims.period_to <= bounds.last_day
        end, false) as is_covered
    from claims
    left join bounds
        on claims.evidence = bounds.evidence
    left join monthly
        on claims.figure = monthly.figure and claims.denominator = monthly.denominator
    left join events
        on claims.figure = events.figure and claims.denominator = events.denominator
    left join adoption
        on claims.figure = adoption.figure and claims.denominator = adoption.denominator
)

select * from final
