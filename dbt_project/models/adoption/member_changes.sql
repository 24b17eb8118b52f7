{{ config(materialized='view') }}

-- What each month of a model changes in its groups: every group is a running sum of these
-- (macros/running_months.sql).
select
    changes.month,
    members.member_key,
    members.bucket_org_key,
    members.org_key,
    members.slice_key,
    coalesce(changes.downloads, 0) as downloads,
    changes.adjustment,
    coalesce(changes.downloads_interpolated, 0) as downloads_interpolated,
    changes.downloads_before_history as newly_covered,
    case when changes.is_first_month then 1 else 0 end as models_new,
    case when changes.downloads is null then 1 else 0 end as models_unknown,
    case when changes.is_carried then 1 else 0 end as models_carried
from {{ ref('model_month_changes') }} as changes
inner join {{ ref('model_members') }} as members
    on changes.model_key = members.model_key
