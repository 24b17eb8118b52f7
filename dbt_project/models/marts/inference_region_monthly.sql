with ranked_models as (
    select * from {{ ref('ranked_models') }}
),

final as (
    {{ inference_monthly('ranked_models', 'region') }}
)

select
    month,
    value as region,
    tokens,
    share,
    share_low,
    share_high,
    share_of_open,
    share_of_matched,
    matched_fraction,
    days_present
from final
