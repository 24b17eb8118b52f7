with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

as_of as (
    select * from {{ ref('as_of') }}
),

spans as (
    select * from {{ ref('counter_spans') }}
),

-- The last day of the last quarter that has ended.
quarter as (
    select {{ add_days(
        'cast(' ~ dbt.date_trunc('quarter', add_days('as_of', 1)) ~ ' as date)', -1
    ) }} as quarter_end
    from as_of
),

-- What the readings up to that day say: what lies between it and the next one is not yet known.
final as (
    select
        models.model_key,
        quarter.quarter_end,
        case
            when spans.kind = 'launch' and spans.to_day > quarter.quarter_end then null
            when spans.kind = 'step' and spans.to_day > quarter.quarter_end
                then spans.counter_before
            else spans.counter_after
        end as downloads_all_time,
        case
            when spans.kind in ('launch', 'step') and spans.to_day > quarter.quarter_end
                then spans.from_day
        end as unread_from
    from models
    cross join quarter
    left join spans
        on
            models.model_key = spans.model_key
            and quarter.quarter_end between spans.from_day and spans.to_day
)

select * from final
