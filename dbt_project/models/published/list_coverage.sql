{{ config(materialized='view') }}

with listed_models as (
    select * from {{ ref('listed_models') }}
),

tracked_months as (
    select * from {{ ref('tracked_months') }}
),

list_length as (
    select count(*) as listed_models
    from listed_models
),

-- A counter carried from an earlier reading is none of the month.
final as (
    select
        tracked_months.month,
        list_length.listed_models,
        count(case when not tracked_months.is_carried then listed_models.model_key end)
            as listed_models_covered,
        cast(sum(case
            when listed_models.model_key is null then tracked_months.cumulative_downloads else 0
        end) as double) / nullif(cast(sum(tracked_months.cumulative_downloads) as double), 0)
            as unlisted_share
    from tracked_months
    left join listed_models
        on tracked_months.model_key = listed_models.model_key
    cross join list_length
    group by tracked_months.month, list_length.listed_models
)

select * from final
