{{ config(materialized='view') }}

select
    tracked.model_key,
    tracked.kind,
    tracked.from_day,
    tracked.to_day,
    tracked.counter_before,
    tracked.counter_after,
    tracked.source,
    tracked.scope
from {{ ref('tracked_spans') }} as tracked
where not exists (
    select 1
    from {{ ref('weighed_models') }} as weighed
    where weighed.model_key = tracked.model_key
)

union all

select
    model_key,
    kind,
    from_day,
    to_day,
    counter_before,
    counter_after,
    source,
    scope
from {{ ref('weighed_spans') }}
