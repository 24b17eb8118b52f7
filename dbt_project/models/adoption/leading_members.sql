with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

releases as (
    select * from {{ ref('tracked_releases') }}
),

quarter_counters as (
    select * from {{ ref('quarter_counters') }}
),

candidates as (
    select
        'model' as league,
        model_id as member_id,
        size_bucket,
        downloads_all_time
    from models

    union all

    select
        'now' as league,
        model_id as member_id,
        size_bucket,
        downloads_all_time
    from models

    union all

    select
        'active' as league,
        model_id as member_id,
        active_size_bucket as size_bucket,
        downloads_all_time
    from models

    union all

    select
        'quarter' as league,
        models.model_id as member_id,
        models.size_bucket,
        quarter_counters.downloads_all_time
    from models
    inner join quarter_counters
        on models.model_key = quarter_counters.model_key

    union all

    select
        'release' as league,
        release_id as member_id,
        size_bucket,
        downloads_all_time
    from releases
),

ranked as (
    select
        league,
        member_id,
        size_bucket,
        row_number() over (
            partition by league, size_bucket
            order by downloads_all_time desc, member_id
        ) as leader_rank
    from candidates
    where size_bucket != 'unknown' and downloads_all_time is not null
),

-- The top set of ram_median: those that became leaders of their size.
final as (
    select
        league,
        member_id,
        size_bucket,
        leader_rank
    from ranked
    where leader_rank <= {{ var('reference_models') }}
)

select * from final
