{{ config(materialized='view') }}

with model_months as (
    select * from {{ ref('model_months') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

pasts as (
    select
        model_key,
        sum(downloads_before_history) as downloads_before_history
    from {{ ref('model_months') }}
    where downloads_before_history > 0
    group by model_key
),

-- The counter at the as-of day, carried where the model was last read before it.
final as (
    select
        model_months.model_key,
        model_months.cumulative_downloads as downloads_all_time,
        cast(coalesce(pasts.downloads_before_history, 0) as bigint) as downloads_before_history,
        model_months.is_carried
    from model_months
    inner join as_of
        on model_months.month = {{ month_start('as_of.as_of') }}
    left join pasts
        on model_months.model_key = pasts.model_key
)

select * from final
