with models as (
    select * from {{ ref('models') }}
    where has_readings
),

organizations as (
    select * from {{ ref('organizations') }}
),

counted as (
    select
        org,
        count(*) as models,
        cast(sum(downloads_all_time) as bigint) as downloads_all_time
    from models
    group by org
)

select
    coalesce(organizations.org, counted.org) as org,
    coalesce(organizations.org_name, counted.org) as org_name,
    coalesce(organizations.region, 'unknown') as region,
    coalesce(organizations.region_reason, 'not in the seed of organisations') as region_reason,
    organizations.region_checked_on,
    coalesce(organizations.is_tracked, false) as is_tracked,
    coalesce(counted.models, 0) as models,
    counted.downloads_all_time
from organizations
full outer join counted
    on organizations.org = counted.org
