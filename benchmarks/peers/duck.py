"""DuckDB as the other engines have it: Parquet files in, tables in memory out."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from benchmarks.peers.inputs import TABLES
from benchmarks.peers.runs import Run, Tables


def connect(run: Run) -> duckdb.DuckDBPyConnection:
    """A connection in memory that has the input files as views."""
    con = duckdb.connect(
        config={
            "threads": run.threads,
            "temp_directory": str(run.inputs.folder / "spilled"),
        }
    )
    # A bar would be drawn in the middle of the report.
    con.execute("set enable_progress_bar = false")
    for table in TABLES:
        file = run.inputs.file(table).replace("'", "''")
        con.execute(f"create view {table} as select * from read_parquet('{file}')")
    return con


def tables(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> Tables:
    """The connection's tables as relations."""
    return {name: con.table(name) for name in names}
