{{ config(materialized='view') }}

with models as (
    select * from {{ ref('model_dates') }}
),

spans as (
    select * from {{ ref('weighed_spans') }}
    where kind != 'carried'
),

-- The all-time counter 30 days after creation, else the first later one.
final as (
    select
        models.model_key,
        {{ arg_max(
            span_counter('spans', "greatest(spans.from_day, " ~ add_days(
                'models.created_on', var('derivative_age_days')
            ) ~ ")"),
            '-' ~ days_between("date '1970-01-01'", 'spans.to_day')
        ) }} as counter_30d,
        min(spans.from_day) > max({{ add_days('models.created_on', var('derivative_age_days')) }})
            as is_later_reading
    from models
    inner join spans
        on
            models.model_key = spans.model_key
            and spans.to_day >= {{ add_days('models.created_on', var('derivative_age_days')) }}
    where models.created_on is not null
    group by models.model_key
)

select * from final
