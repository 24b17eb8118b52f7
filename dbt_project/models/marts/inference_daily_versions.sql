with versions as (
    select * from {{ ref('ranking_versions') }}
),

newest as (
    select
        day,
        max(as_of) as as_of
    from versions
    group by day
),

final as (
    select
        versions.day,
        versions.model_permaslug,
        versions.as_of,
        versions.tokens,
        versions.as_of = newest.as_of as is_current
    from versions
    inner join newest
        on versions.day = newest.day
)

select
    day,
    model_permaslug,
    as_of,
    tokens,
    is_current
from final
