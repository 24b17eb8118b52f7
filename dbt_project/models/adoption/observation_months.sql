with observations as (
    select * from {{ ref('model_observations') }}
),

cells as (
    select
        model_key,
        {{ month_start('day') }} as month,
        count(*) as rows_read,
        sum({{ row_hash([
            'day', 'source', 'scope', 'downloads_all_time', 'is_counter', 'first_read_on',
            'read_before',
        ]) }}) as rows_hash,
        max(case when is_counter then 1 else 0 end) as has_counter
    from observations
    group by model_key, {{ month_start('day') }}
),

hashed as (
    select
        model_key,
        month,
        {{ row_hash(['model_key', 'month', 'rows_read', 'rows_hash']) }} as cell_hash,
        sum(has_counter) over (partition by model_key order by month) as counter_months
    from cells
),

-- What a month's changes of a counter are told from: its own rows, those back to the second last
-- month before it that has a counter, and the next ones.
final as (
    select
        model_key,
        month,
        min(month) over (
            partition by model_key order by counter_months
            range between 2 preceding and 1 following
        ) as context_from,
        max(month) over (
            partition by model_key order by counter_months
            range between 2 preceding and 1 following
        ) as context_to,
        sum(cell_hash) over (
            partition by model_key order by counter_months
            range between 2 preceding and 1 following
        ) as context_hash
    from hashed
)

select * from final
