-- Every derivative counts 1 by its direct bases and 1 by its roots: month by month the same sum.
{{ config(meta={'dagster': {'ref': {'name': 'derivatives_monthly'}}}) }}
select
    month,
    filtered,
    sum(case when attribution = 'direct' then new_derivatives else -new_derivatives end)
        as difference
from {{ ref('derivatives_monthly') }}
group by month, filtered
having sum(case when attribution = 'direct' then new_derivatives else -new_derivatives end) <> 0
