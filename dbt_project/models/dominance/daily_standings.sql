with model_days as (
    select * from {{ ref('model_days') }}
),

first_days as (
    select
        model_key,
        min(day) as first_day
    from model_days
    group by model_key
),

models as (
    select * from {{ ref('models') }}
    where is_tracked
),

{% set kinds = {
    'region': 'models.region',
    'org': 'models.org',
    'family': "coalesce(models.family, 'none')",
} %}
final as (
    {% for kind, member in kinds.items() %}
    select
        '{{ kind }}' as leader_kind,
        {{ member }} as member,
        model_days.day,
        cast(sum(model_days.downloads_all_time) as bigint) as cumulative_downloads,
        -- The past that models bring with them when they are first read.
        cast(sum(case
            when model_days.day = first_days.first_day and model_days.downloads is null
                then model_days.downloads_all_time
            else 0
        end) as bigint) as newly_covered,
        bool_or(model_days.counter_status = 'observed') as is_observed
    from model_days
    inner join models
        on model_days.model_key = models.model_key
    inner join first_days
        on model_days.model_key = first_days.model_key
    group by {{ member }}, model_days.day
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select * from final
