{{ config(materialized='view') }}

-- What is computed by number, with the names.
select
    shares.month,
    named.population,
    named.group_kind,
    named.group_member,
    shares.downloads,
    shares.adjustment,
    shares.cumulative_downloads,
    shares.downloads_interpolated,
    shares.newly_covered,
    shares.models,
    shares.models_carried,
    shares.is_complete_month,
    shares.share,
    shares.cumulative_share,
    shares.rank,
    shares.growth_mom,
    shares.growth_yoy,
    shares.cumulative_growth_yoy
from {{ ref('group_month_shares') }} as shares
inner join {{ ref('download_groups') }} as named
    on shares.group_key = named.group_key
