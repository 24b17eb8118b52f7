"""dbt's `target`, as sqlfluff sees it: the default one."""

name = "duckdb"
