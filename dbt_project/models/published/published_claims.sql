with figures as (
    select * from {{ ref('published_values') }}
),

-- Where the record does not say what of, there are three ways to read a share of tokens.
possible_denominators as (
    select 'all' as token
    union all
    select 'open' as token
    union all
    select 'matched' as token
),

with_denominators as (
    select
        figures.*,
        figures.denominator as denominator_text,
        coalesce(possible_denominators.token, figures.denominator, 'none') as denominator_read,
        coalesce(figures.denominator = 'unstated', false) as is_denominator_unstated
    from figures
    left join possible_denominators
        on figures.denominator = 'unstated'
),

with_metrics as (
    select
        *,
        case
            when figure like 'token_share%' then 'tokens_' || denominator_read
            when figure like 'derivative_share%' then 'new_derivatives'
            when figure like 'month_downloads%' or figure like 'downloads_%' then 'downloads'
            else 'cumulative_downloads'
        end as metric
    from with_denominators
),

final as (
    select
        figure,
        denominator_read as denominator,
        is_denominator_unstated,
        population,
        numerator,
        published_low,
        published_high,
        unit,
        as_of_from,
        as_of_to,
        source,
        source_quality,
        note,
        metric,
        case
            when unit = 'date' and denominator_text is null then 'release'
            when unit = 'date' then 'crossover'
            when unit = 'leader' then 'phase'
            when unit = 'ram_median' then 'adoption'
            when unit = 'ratio' then 'growth'
            when figure like '%_share_peak_%' then 'peak'
            when metric = 'cumulative_downloads' then 'level'
            else 'flow'
        end as kind,
        case
            when metric like 'tokens_%' then 'rankings'
            when metric = 'new_derivatives' then 'derivatives'
            else 'counters'
        end as evidence,
        -- A claim without a period is about any day up to the record's own.
        coalesce(as_of_from, case
            when metric like 'tokens_%' then cast('{{ var("rankings_from") }}' as date)
        end) as period_from,
        least(
            coalesce(as_of_to, cast('{{ var("published_record_until") }}' as date)),
            cast('{{ var("published_record_until") }}' as date)
        ) as period_to,
        {% for side, text in {'numerator': 'numerator', 'denominator': 'denominator_text'}.items() %}
        {% for name in ['region', 'organization', 'family', 'size_bucket'] %}
        {{ figure_condition(text, name) }} as {{ side }}_{{ name }},
        {% endfor %}
        {% endfor %}
        {{ figure_condition('numerator', 'model') }} as model_id,
        {{ figure_condition('numerator', 'horizon_days') }} as horizon,
        cast(nullif({{ regexp_capture('numerator', "'rank ([0-9]+) to'", 1) }}, '') as integer)
            as first_rank,
        cast(nullif({{ regexp_capture('numerator', "'rank [0-9]+ to ([0-9]+)'", 1) }}, '') as integer)
            as last_rank
    from with_metrics
)

select * from final
