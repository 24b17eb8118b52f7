{{ config(materialized=mart_view()) }}

{{ adoption_league('now', 'model_id', 'age_days') }}
