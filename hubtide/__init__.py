"""The published tables on a terminal: `hubtide`, or `python -m hubtide`.

Reads one published file and nothing else; knows neither extract/ nor dbt nor Dagster.
"""
