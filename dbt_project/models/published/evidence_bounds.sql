with spans as (
    select * from {{ ref('counter_spans') }}
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

ranked_models as (
    select * from {{ ref('ranked_models') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

counters as (
    select min(spans.from_day) as first_day
    from spans
    inner join models
        on spans.model_key = models.model_key
),

final as (
    select
        'counters' as evidence,
        'all-time counters' as evidence_name,
        counters.first_day,
        as_of.as_of as last_day,
        cast('{{ var("all_time_counters_from") }}' as date) as public_from
    from counters
    cross join as_of

    union all

    select
        'rankings' as evidence,
        'OpenRouter''s rankings' as evidence_name,
        min(day) as first_day,
        max(day) as last_day,
        cast('{{ var("rankings_from") }}' as date) as public_from
    from ranked_models

    union all

    -- A derivative's month is its creation, whenever it was read; it passes the filter, or not, so
    -- many days later.
    select
        'derivatives' as evidence,
        'derivatives past the filter' as evidence_name,
        cast('{{ var("creation_floor") }}' as date) as first_day,
        {{ add_days('as_of', '-' ~ var('derivative_age_days')) }} as last_day,
        cast(null as date) as public_from
    from as_of
)

select * from final
