{{ config(materialized=mart_view()) }}

with roots as (
    select * from {{ ref('model_roots') }}
),

models as (
    select * from {{ ref('models') }}
),

final as (
    select
        models.model_id,
        case
            when roots.is_cycle then 'cycle:' || root_models.model_id
            else root_models.model_id
        end as root_id,
        roots.weight,
        roots.depth,
        roots.root_is_provisional
    from roots
    inner join models
        on roots.model_key = models.model_key
    inner join models as root_models
        on roots.root_key = root_models.model_key
)

select
    model_id,
    root_id,
    weight,
    depth,
    root_is_provisional
from final
