-- Shares of a month sum to 1: over tracked organisations where there are any, and over all.
-- The tolerance is that of adding up to some ten thousand doubles.
{{ config(meta={'dagster': {'ref': {'name': 'derivatives_monthly'}}}) }}
select
    month,
    attribution,
    filtered,
    sum(share) as shares,
    sum(share_all) as shares_all
from {{ ref('derivatives_monthly') }}
group by month, attribution, filtered
having abs(coalesce(sum(share), 1) - 1) > {{ var('share_sum_tolerance') }} or abs(sum(share_all) - 1) > {{ var('share_sum_tolerance') }}
