with models as (
    select * from {{ ref('models') }}
    where is_tracked and released_on is not null
),

-- The repository that a release came out with says its month, organisation and size.
repositories as (
    select
        *,
        row_number() over (
            partition by release_id
            order by released_on, model_id
        ) as place_in_release
    from models
),

final as (
    select
        {{ month_start('released_on') }} as month,
        org,
        size_bucket,
        count(case when place_in_release = 1 then 1 end) as releases,
        count(*) as repositories
    from repositories
    group by {{ month_start('released_on') }}, org, size_bucket
)

select
    month,
    org,
    size_bucket,
    releases,
    repositories
from final
