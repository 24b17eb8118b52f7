{{ config(materialized=mart_view()) }}

{{ group_downloads_monthly('region') }}
