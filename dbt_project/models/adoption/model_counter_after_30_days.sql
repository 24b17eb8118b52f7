-- Models first read later than that, so the first reading serves.
with later as (
    select
        spans.model_key,
        spans.counter_after as counter_30d
    from {{ ref('plain_spans') }} as spans
    inner join {{ ref('model_dates') }} as dates
        on spans.model_key = dates.model_key
    where
        spans.kind = 'opening'
        and spans.from_day > {{ add_days('dates.created_on', var('derivative_age_days')) }}
),

plain as (
    select
        model_key,
        counter_30d,
        true as is_later_reading
    from later

    union all

    select
        counters.model_key,
        counters.counter_30d,
        false as is_later_reading
    from {{ ref('plain_counters_after_30_days') }} as counters
    where not exists (
        select 1
        from later
        where later.model_key = counters.model_key
    )
),

final as (
    select
        model_key,
        counter_30d,
        is_later_reading
    from plain
    where not exists (
        select 1
        from {{ ref('weighed_models') }} as weighed
        where weighed.model_key = plain.model_key
    )

    union all

    select
        model_key,
        counter_30d,
        is_later_reading
    from {{ ref('weighed_counters_after_30_days') }}
)

select * from final
