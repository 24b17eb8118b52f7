with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

placed as (
    select
        *,
        row_number() over (
            partition by release_id
            order by
                case when size_bucket = 'unknown' then 1 else 0 end,
                coalesce(day_zero, created_on),
                model_id
        ) as place
    from models
),

final as (
    select
        release_id,
        max(case when place = 1 then size_bucket end) as size_bucket,
        -- A repository without a day 0 may be older than all others.
        case when count(day_zero) = count(*) then min(day_zero) end as day_zero,
        cast(sum(downloads_all_time) as bigint) as downloads_all_time,
        count(*) as repositories
    from placed
    group by release_id
)

select * from final
