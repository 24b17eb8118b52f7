{{ config(materialized='view') }}

select
    readings.name_key as model_key,
    readings.source,
    readings.source_rank,
    readings.scope,
    readings.day,
    readings.presence,
    readings.downloads_30d,
    readings.downloads_all_time,
    readings.downloads_all_time_before,
    readings.likes,
    readings.days_early
from {{ ref('hub_readings') }} as readings
inner join {{ ref('main_scope') }} as main_scope
    on readings.source = main_scope.source and readings.scope = main_scope.scope
