"""Schema `raw` as Parquet files, for an engine that cannot read the warehouse's file."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from extract.errors import HubtideError
from extract.warehouse import connect


def export_raw(warehouse: Path, folder: Path) -> dict[str, int]:
    """Write every table of `raw` to `folder/<table>/part-0.parquet`; rows of each table by name.

    A table's folder is replaced by a rename once its file is whole, so that a killed export leaves
    the files of the last one. Timestamps are UTC, without a zone. Raises HubtideError when there is
    no warehouse, or no table in it.
    """
    if not warehouse.is_file():
        raise HubtideError(f"there is no {warehouse.name}: load something first")
    folder.mkdir(parents=True, exist_ok=True)
    with connect(warehouse, read_only=True) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'raw' order by 1"
            ).fetchall()
        ]
        if not tables:
            raise HubtideError(f"{warehouse.name} has no schema `raw`")
        return {name: _export(connection, name, folder) for name in tables}


def _export(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> int:
    incoming, target = folder / f".{table}.incoming", folder / table
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    file = str(incoming / "part-0.parquet").replace("'", "''")
    row = connection.execute(
        f"copy (select * from raw.{table}) to '{file}' (format parquet, compression zstd)"
    ).fetchone()
    shutil.rmtree(target, ignore_errors=True)
    incoming.rename(target)
    return int(row[0]) if row else 0
