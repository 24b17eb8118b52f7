{{ config(materialized=mart_view()) }}

{{ adoption_league('release', 'release_id') }}
