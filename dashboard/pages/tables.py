"""Every published table with its columns, as the database itself tells them."""

from typing import Any

from dashboard.context import Context, Page


def page(context: Context) -> Page:
    """The page of all tables."""
    counts = {
        row["table_name"]: row["row_count"]
        for row in context.query(
            "select table_name, estimated_size as row_count from duckdb_tables() where not internal"
        ).records
    }
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in context.query(
        """
        select table_name, column_name, data_type
        from duckdb_columns()
        where not internal
        order by table_name, column_index
        """
    ).records:
        tables.setdefault(row["table_name"], []).append(row)
    return Page(
        "tables",
        "Tables",
        f"{len(tables)} tables stand behind these pages, in one file that any client of DuckDB "
        "opens.",
        (),
        {"tables": tables, "counts": counts},
    )
