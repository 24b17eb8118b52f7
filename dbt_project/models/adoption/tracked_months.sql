{% set tracked %}(select model_key from {{ ref('models') }} where is_tracked){% endset %}

{{ with_quiet_months(tracked) }}
