{{ config(materialized=mart_view()) }}

{{ adoption_league('model', 'model_id') }}
