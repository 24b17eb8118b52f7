{{ config(materialized=mart_view()) }}

{{ adoption_league('active', 'model_id') }}
