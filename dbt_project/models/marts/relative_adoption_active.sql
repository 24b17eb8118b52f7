{{ adoption_league('active', 'model_id') }}
