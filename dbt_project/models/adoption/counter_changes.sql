with observations as (
    select * from {{ ref('model_observations') }}
),

-- A model absent for long has one row that matters: the first.
transitions as (
    select
        *,
        coalesce(lag(is_counter) over (partition by model_key order by day), false)
            as was_counter
    from observations
),

relevant as (
    select
        *,
        lag(day) over (partition by model_key order by day) as row_before,
        lag(is_counter) over (partition by model_key order by day) as row_before_is_counter,
        lag(source) over (partition by model_key order by day) as source_before,
        lag(scope) over (partition by model_key order by day) as scope_before,
        lag(read_before) over (partition by model_key order by day) as row_before_read_before,
        lag(downloads_all_time) over (partition by model_key order by day) as counter_before,
        lag(downloads_all_time, 2) over (partition by model_key order by day)
            as counter_before_absence,
        lead(day) over (partition by model_key order by day) as row_after
    from transitions
    where is_counter or was_counter
),

-- The last day before this row on which the counter was known, and what it was.
final as (
    select
        *,
        case
            when row_before_is_counter then coalesce(read_before, row_before)
            else row_before_read_before
        end as known_on,
        case when row_before_is_counter then counter_before else counter_before_absence end
            as known_counter
    from relevant
)

select * from final
