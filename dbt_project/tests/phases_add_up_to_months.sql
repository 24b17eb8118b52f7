-- Phases add up to the months of `monthly_leaders`: each month is of one phase, which its leader or
-- nobody holds, and months that follow each other with one holder are of the same.
{{ config(meta={'dagster': {'ref': {'name': 'dominance_phases'}}}) }}

{% set series = 'leaders.metric, leaders.population, leaders.leader_kind' %}
with months as (
    select
        leaders.metric,
        leaders.population,
        leaders.leader_kind,
        leaders.month,
        leaders.leader,
        phases.phase,
        phases.leader as holder,
        phases.months,
        count(*) over (partition by {{ series }}, leaders.month) as phases_of_month,
        count(*) over (partition by {{ series }}, phases.phase) as months_of_phase,
        lag(phases.phase) over (partition by {{ series }} order by leaders.month) as phase_before,
        lag(phases.leader) over (partition by {{ series }} order by leaders.month) as holder_before,
        lag(leaders.leader) over (partition by {{ series }} order by leaders.month) as leader_before,
        lag(leaders.month) over (partition by {{ series }} order by leaders.month) as month_before
    from {{ ref('monthly_leaders') }} as leaders
    left join {{ ref('dominance_phases') }} as phases
        on
            leaders.metric = phases.metric
            and leaders.population = phases.population
            and leaders.leader_kind = phases.leader_kind
            and leaders.month between phases.first_month and phases.last_month
)

select *
from months
where
    phase is null
    or phases_of_month > 1
    or months != months_of_phase
    or (holder != 'contested' and holder is distinct from leader)
    or (
        month_before = {{ month_start(add_days('month', -1)) }}
        and (
            (phase != phase_before and holder = holder_before)
            -- Two months make a phase, unless the variable asks for more.
            or (holder = 'contested' and leader = leader_before and {{ var('phase_min_months') }} = 2)
        )
    )
