{{ adoption_league('release', 'release_id') }}
