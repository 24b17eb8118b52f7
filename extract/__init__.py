"""Extraction: sources -> immutable landed files -> the `raw` schema of one DuckDB warehouse.

This package knows nothing of Dagster or dbt. It meets them in the `raw` schema only
(extract/schema.sql). Entry points: `extract.loading.load_source`, `extract.loading.rebuild`,
and `python -m extract`.
"""
