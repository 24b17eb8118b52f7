with models as (
    select * from {{ ref('models') }}
    where is_tracked and size_bucket != 'unknown' and downloads_all_time is not null
),

ranked as (
    select
        model_key,
        size_bucket,
        row_number() over (
            partition by size_bucket
            order by downloads_all_time desc, model_id
        ) as leader_rank
    from models
),

-- The top set of ram_median: the models that became leaders of their size.
final as (
    select
        model_key,
        size_bucket,
        leader_rank
    from ranked
    where leader_rank <= {{ var('reference_models') }}
)

select * from final
