{{ config(materialized='view') }}

select
    model_keys.name_key,
    model_keys.model_key,
    model_keys.valid_from,
    model_keys.valid_to
from {{ ref('model_keys') }} as model_keys
inner join {{ ref('weighed_models') }} as weighed_models
    on model_keys.model_key = weighed_models.model_key
