-- An organisation as the path of a repository, so that the alias seed applies to it.
select
    org || '/' as path,
    org,
    region
from {{ ref('stg_tracked_models__regions') }}
