with quoted_values as (
    select
        *,
        lead(build_id) over (partition by table_name, key, field order by build_id)
            as next_build_id,
        count(*) over (partition by table_name, key, field) as number_of_values
    from {{ ref('quoted_values') }}
),

-- The builds that readers had, and this one, which they get if its checks pass.
builds as (
    select build_id from {{ ref('stg_published_builds') }}
    union distinct
    select '{{ env_var("HUBTIDE_BUILD_ID", "unpublished") }}' as build_id
),

-- A value counts only if some published build showed it, and from the first that did.
shown as (
    select
        quoted_values.table_name,
        quoted_values.key,
        quoted_values.field,
        quoted_values.value,
        min(builds.build_id) as build_id
    from quoted_values
    inner join builds
        on
            quoted_values.build_id <= builds.build_id
            and coalesce(builds.build_id < quoted_values.next_build_id, true)
    where quoted_values.number_of_values > 1
    group by
        quoted_values.table_name,
        quoted_values.key,
        quoted_values.field,
        quoted_values.value,
        quoted_values.build_id
),

changes as (
    select
        *,
        row_number() over (partition by table_name, key, field order by build_id) as place,
        lag(value) over (partition by table_name, key, field order by build_id) as old_value
    from shown
)

select
    table_name,
    key,
    field,
    build_id,
    old_value,
    value as new_value
from changes
where place > 1 and coalesce(old_value, '') <> coalesce(value, '')
