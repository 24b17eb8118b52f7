with models as (
    select * from {{ ref('models') }}
    where has_readings
),

listed_models as (
    select * from {{ ref('listed_models') }}
    where model_key is not null
),

organizations as (
    select * from {{ ref('organizations') }}
    where is_tracked
),

ranked as (
    select
        models.*,
        organizations.org is not null as is_of_tracked_org,
        listed_models.model_key is not null as is_listed,
        row_number() over (
            partition by models.tracking_rule, models.is_tracked
            order by
                models.downloads_all_time desc nulls last,
                models.downloads_30d desc nulls last,
                models.model_id
        ) as place
    from models
    left join organizations
        on models.org = organizations.org
    left join listed_models
        on models.model_key = listed_models.model_key
)

select
    tracking_rule,
    is_tracked,
    count(*) as models,
    count(case when is_of_tracked_org then 1 end) as models_of_tracked_orgs,
    count(case when is_listed then 1 end) as models_listed,
    count(downloads_all_time) as models_with_counter,
    cast(sum(downloads_all_time) as bigint) as downloads_all_time,
    cast(sum(downloads_30d) as bigint) as downloads_30d,
    {{ dbt.listagg(
        'case when place <= 5 then model_id end', "', '", 'order by place'
    ) }} as largest_models
from ranked
group by tracking_rule, is_tracked
