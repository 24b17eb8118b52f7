{{ config(materialized='view') }}

with models as (
    select * from {{ ref('models') }}
    where has_readings
),

read_days as (
    select * from {{ ref('hub_read_days') }}
),

-- The population `hub` exists only where the whole Hub was read, by either source. Organisations
-- read one by one are no whole.
whole_hub as (
    select count(*) > 0 as is_read
    from read_days
    where is_complete and scope = 'hub' and source in ('hub_api', 'hub_stats')
),

final as (
    select
        'tracked' as population,
        model_key,
        org,
        region,
        family,
        size_bucket
    from models
    where is_tracked

    union all

    select
        'hub' as population,
        models.model_key,
        models.org,
        models.region,
        models.family,
        models.size_bucket
    from models
    cross join whole_hub
    where whole_hub.is_read
)

select * from final
