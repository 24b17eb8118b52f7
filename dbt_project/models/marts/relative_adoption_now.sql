{{ adoption_league('now', 'model_id', 'age_days') }}
