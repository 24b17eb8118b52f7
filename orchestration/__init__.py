"""Dagster glue: assets, checks, jobs and publishing. Knows extract/ and dbt_project/."""
