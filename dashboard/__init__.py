"""The static dashboard: pages made from a published marts.duckdb, and nothing else."""
