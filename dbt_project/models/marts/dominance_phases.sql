with leaders as (
    select * from {{ ref('monthly_leaders') }}
),

-- Months of one leader that follow each other share `run_start`.
runs as (
    select
        *,
        coalesce(leader, 'contested') as holder,
        {{ months_between("cast('2000-01-01' as date)", 'month') }} - row_number() over (
            partition by metric, population, leader_kind, leader
            order by month
        ) as run_start
    from leaders
),

run_lengths as (
    select
        *,
        count(*) over (
            partition by metric, population, leader_kind, holder, run_start
        ) as run_months
    from runs
),

-- A lead of one month is no phase.
held as (
    select
        *,
        case
            when leader is not null and run_months >= {{ var('phase_min_months') }} then leader
            else 'contested'
        end as phase_leader
    from run_lengths
),

marked as (
    select
        *,
        {{ months_between("cast('2000-01-01' as date)", 'month') }} - row_number() over (
            partition by metric, population, leader_kind, phase_leader
            order by month
        ) as phase_start,
        min(month) over (partition by metric, population, leader_kind) as first_known,
        max(month) over (partition by metric, population, leader_kind) as last_known
    from held
),

phases as (
    select
        metric,
        population,
        leader_kind,
        phase_leader as leader,
        min(month) as first_month,
        max(month) as last_month,
        count(*) as months,
        -- As decimals: the mean of doubles would hang on the order of the months.
        cast(avg(
            case when phase_leader != 'contested' then cast(leader_share as decimal(18, 12)) end
        ) as double) as mean_share,
        min(month_total) as least_total,
        min(month) = min(first_known) as is_left_censored,
        max(month) = max(last_known) as is_right_censored
    from marked
    group by metric, population, leader_kind, phase_leader, phase_start
)

select
    metric,
    population,
    leader_kind,
    cast(row_number() over (
        partition by metric, population, leader_kind
        order by first_month
    ) as bigint) as phase,
    leader,
    first_month,
    last_month,
    months,
    mean_share,
    least_total,
    is_left_censored,
    is_right_censored
from phases
