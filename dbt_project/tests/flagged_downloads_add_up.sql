-- As counted, flagged_downloads_monthly is region_downloads_monthly; without flags never more.
{{ config(meta={'dagster': {'ref': {'name': 'flagged_downloads_monthly'}}}) }}

with regions as (
    select * from {{ ref('region_downloads_monthly') }}
    where population = 'tracked'
)

select
    coalesce(regions.month, flagged.month) as month,
    coalesce(regions.region, flagged.region) as region
from regions
full outer join {{ ref('flagged_downloads_monthly') }} as flagged
    on regions.month = flagged.month and regions.region = flagged.region
where
    regions.month is null
    or flagged.month is null
    or regions.downloads is distinct from flagged.downloads
    or regions.models != flagged.models
    or flagged.downloads_unflagged > flagged.downloads
    or (flagged.models_flagged = 0 and flagged.downloads_unflagged is distinct from flagged.downloads)
