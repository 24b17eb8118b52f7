with spans as (
    select * from {{ ref('counter_spans') }}
),

-- The counter at the as-of day, carried where the model was last read before it.
final as (
    select
        model_key,
        {{ arg_max('counter_after', 'to_day') }} as downloads_all_time,
        cast(coalesce(sum(case when kind = 'opening' then counter_after end), 0) as bigint)
            as downloads_before_history,
        bool_or(kind = 'carried') as is_carried
    from spans
    group by model_key
)

select * from final
