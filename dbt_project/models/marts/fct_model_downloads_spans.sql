{{ config(materialized=mart_view()) }}

with spans as (
    select * from {{ ref('model_spans') }}
),

models as (
    select * from {{ ref('models') }}
),

final as (
    select
        models.model_id,
        spans.from_day,
        spans.to_day,
        spans.kind,
        case
            when spans.kind in ('opening', 'carried') then null
            else greatest(spans.counter_after - spans.counter_before, 0)
                / cast({{ days_between('spans.from_day', 'spans.to_day') }} + 1 as double)
        end as downloads_per_day,
        case
            when spans.kind in ('opening', 'carried') then 0
            else least(spans.counter_after - spans.counter_before, 0)
        end as adjustment,
        spans.counter_after as downloads_all_time,
        case
            when spans.kind in ('opening', 'carried') then 'missing'
            when spans.kind = 'flat' then 'unchanged'
            when spans.from_day = spans.to_day then 'observed'
            else 'interpolated'
        end as day_status
    from spans
    inner join models
        on spans.model_key = models.model_key
)

select
    model_id,
    from_day,
    to_day,
    downloads_per_day,
    adjustment,
    downloads_all_time,
    day_status,
    kind
from final
