{{ config(materialized=mart_view()) }}

with ancestors as (
    select * from {{ ref('model_ancestors') }}
),

models as (
    select * from {{ ref('models') }}
),

final as (
    select
        models.model_id,
        ancestor_models.model_id as ancestor_id,
        ancestors.depth
    from ancestors
    inner join models
        on ancestors.model_key = models.model_key
    inner join models as ancestor_models
        on ancestors.ancestor_key = ancestor_models.model_key
)

select
    model_id,
    ancestor_id,
    depth
from final
