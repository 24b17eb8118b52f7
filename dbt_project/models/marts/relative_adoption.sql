{{ adoption_league('model', 'model_id') }}
