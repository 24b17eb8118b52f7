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

counted as (
    select
        models.tracking_rule,
        models.is_tracked,
        count(*) as models,
        count(organizations.org) as models_of_tracked_orgs,
        count(listed_models.model_key) as models_listed,
        count(models.downloads_all_time) as models_with_counter,
        cast(sum(models.downloads_all_time) as bigint) as downloads_all_time,
        cast(sum(models.downloads_30d) as bigint) as downloads_30d
    from models
    left join organizations
        on models.org = organizations.org
    left join listed_models
        on models.model_key = listed_models.model_key
    group by models.tracking_rule, models.is_tracked
),

largest as (
    select
        tracking_rule,
        is_tracked,
        {{ dbt.listagg('model_id', "', '", 'order by place') }} as largest_models
    from {{ first_places(
        ref('models'), 'has_readings', ['tracking_rule', 'is_tracked'],
        'downloads_all_time', ['downloads_30d desc', 'model_id'], 5
    ) }} as first_five
    group by tracking_rule, is_tracked
)

select
    counted.tracking_rule,
    counted.is_tracked,
    counted.models,
    counted.models_of_tracked_orgs,
    counted.models_listed,
    counted.models_with_counter,
    counted.downloads_all_time,
    counted.downloads_30d,
    largest.largest_models
from counted
inner join largest
    on counted.tracking_rule = largest.tracking_rule and counted.is_tracked = largest.is_tracked
