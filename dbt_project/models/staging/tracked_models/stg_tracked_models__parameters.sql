select
    model_id,
    cast(round(total_params_b * 1e9) as bigint) as parameters_total,
    cast(round(active_params_b * 1e9) as bigint) as parameters_active,
    is_moe,
    notes,
    load_id
from {{ source('raw', 'tracked_models_parameters') }}
