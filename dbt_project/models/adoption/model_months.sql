{{ config(materialized='view') }}

{{ with_quiet_months() }}
