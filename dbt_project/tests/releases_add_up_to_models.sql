-- Every tracked model with a release day is a repository of one row, unknown sizes too, and every
-- release is counted once.
{{ config(meta={'dagster': {'ref': {'name': 'releases_monthly'}}}) }}

with counted as (
    select
        coalesce(sum(repositories), 0) as repositories,
        coalesce(sum(releases), 0) as releases
    from {{ ref('releases_monthly') }}
),

models as (
    select
        count(*) as repositories,
        count(distinct release_id) as releases
    from {{ ref('dim_models') }}
    where is_tracked and released_on is not null
)

select
    counted.repositories,
    models.repositories as expected_repositories,
    counted.releases,
    models.releases as expected_releases
from counted
cross join models
where counted.repositories != models.repositories or counted.releases != models.releases
