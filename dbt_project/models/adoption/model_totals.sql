{{ config(materialized='view') }}

with changes as (
    select * from {{ ref('model_month_changes') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- The counter of the last month that changed it is that of the as-of day. A month in which anything is
-- carried is among these.
final as (
    select
        changes.model_key,
        {{ arg_max('changes.cumulative_downloads', 'changes.month') }} as downloads_all_time,
        cast(sum(changes.downloads_before_history) as bigint) as downloads_before_history,
        max(changes.month) = {{ month_start('max(as_of.as_of)') }}
        and {{ arg_max('changes.is_carried', 'changes.month') }} as is_carried
    from changes
    cross join as_of
    group by changes.model_key
)

select * from final
