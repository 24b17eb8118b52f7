-- A step of the newest known build took much longer than in the builds before it, and not because it
-- had more rows. Compared with the median of up to five builds before; steps under a second are left
-- out, since they measure the machine.
{{ config(
    severity='warn',
    meta={'dagster': {'ref': {'name': 'pipeline_costs'}}},
) }}

with costs as (
    select
        build_id,
        step,
        seconds,
        coalesce(rows_in, 0) + coalesce(rows_out, 0) as rows_moved,
        row_number() over (partition by step order by build_id desc) as age
    from {{ ref('pipeline_costs') }}
),

newest_build as (
    select max(build_id) as build_id
    from costs
),

newest as (
    select costs.*
    from costs
    inner join newest_build
        on costs.build_id = newest_build.build_id
    where costs.seconds > {{ var('cost_min_seconds') }}
),

earlier as (
    select
        step,
        median(seconds) as seconds,
        median(rows_moved) as rows_moved
    from costs
    where age between 2 and 6
    group by step
)

select
    newest.build_id,
    newest.step,
    newest.seconds,
    earlier.seconds as usual_seconds,
    newest.rows_moved,
    earlier.rows_moved as usual_rows
from newest
inner join earlier
    on newest.step = earlier.step
where
    newest.seconds
    > {{ var('cost_growth_factor') }} * earlier.seconds
    * pow(
        greatest(newest.rows_moved / greatest(earlier.rows_moved, 1), 1),
        {{ var('cost_growth_exponent') }}
    )
