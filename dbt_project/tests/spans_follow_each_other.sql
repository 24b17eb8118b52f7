-- A model's spans leave no day out and count none twice, and each starts where the last ended.
{{ config(meta={'dagster': {'ref': {'name': 'counter_spans'}}}) }}

with spans as (
    select
        *,
        lag(to_day) over (partition by model_key order by from_day) as previous_to_day,
        lag(counter_after) over (partition by model_key order by from_day) as previous_counter
    from {{ ref('counter_spans') }}
)

select *
from spans
where
    from_day > to_day
    or (
        previous_to_day is not null
        and (
            from_day != {{ add_days('previous_to_day', 1) }}
            or counter_before is null
            or counter_before != previous_counter
        )
    )
