{{ config(materialized='view') }}

with claims as (
    select * from {{ ref('published_claims') }}
),

claim_months as (
    select * from {{ ref('claim_months') }}
),

bounds as (
    select * from {{ ref('evidence_bounds') }}
),

-- A month that the data cut off is no month of downloads or tokens; a counter is one all the same.
known_months as (
    select
        claims.figure,
        claims.denominator,
        claims.kind,
        claims.unit,
        claims.period_from,
        claims.period_to,
        bounds.last_day,
        claim_months.month,
        claim_months.numerator_value,
        claim_months.denominator_value,
        claim_months.is_in_period,
        claim_months.months_away,
        row_number() over (
            partition by claims.figure, claims.denominator
            order by claim_months.months_away, claim_months.month
        ) as nearness
    from claims
    inner join bounds
        on claims.evidence = bounds.evidence
    inner join claim_months
        on claims.figure = claim_months.figure and claims.denominator = claim_months.denominator
    where
        claims.metric = 'cumulative_downloads'
        or (
            claim_months.month >= bounds.first_day
            and {{ month_end('claim_months.month') }} <= bounds.last_day
        )
),

summed as (
    select
        figure,
        denominator,
        kind,
        unit,
        period_from,
        period_to,
        last_day,
        sum(case when is_in_period then numerator_value end) as numerator_value,
        sum(case when is_in_period then denominator_value end) as denominator_value,
        max(case when is_in_period then numerator_value / denominator_value end) as highest_ratio,
        sum(case when month = {{ month_start('period_from') }} then numerator_value end)
            as first_value,
        sum(case when month = {{ month_start('period_to') }} then numerator_value end)
            as last_value,
        sum(case when nearness = 1 then numerator_value / denominator_value end) as nearest_value,
        max(case when nearness = 1 then month end) as nearest_month,
        max(case when nearness = 1 then months_away end) as months_away
    from known_months
    group by figure, denominator, kind, unit, period_from, period_to, last_day
),

-- What a month elsewhere says is shown for one month only: sums of other months are not it.
with_nearness as (
    select
        *,
        months_away <= {{ var('published_nearest_months') }} and (
            kind = 'level'
            or (kind = 'flow' and {{ month_start('period_from') }} = {{ month_start('period_to') }})
        ) as is_near
    from summed
),

final as (
    select
        figure,
        denominator,
        case kind
            when 'level' then nearest_value
            when 'peak' then highest_ratio
            when 'growth' then last_value / nullif(first_value, 0)
            when 'flow'
                then case
                    when unit = 'share' then numerator_value / denominator_value
                    else numerator_value
                end
        end as value,
        least(period_to, last_day) as value_on,
        case when is_near then nearest_value end as nearest,
        case when is_near then least({{ month_end('nearest_month') }}, last_day) end
            as nearest_as_of
    from with_nearness
)

select * from final
