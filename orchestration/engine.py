"""Which engine builds the models (HUBTIDE_TARGET), and what it means for runs and publishing.

Sources are loaded into the warehouse's file whatever the target is. On `duckdb` dbt builds in that
file. On `spark` it builds on a cluster from `raw` as Parquet files, and its marts are Parquet
tables: publishing reads them through a small DuckDB file of views.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from extract.errors import HubtideError
from extract.home import Home
from extract.parquet import export_raw

TARGET = "HUBTIDE_TARGET"
MEMORY_LIMIT = "HUBTIDE_MEMORY_LIMIT"
DUCKDB, SPARK = "duckdb", "spark"

# One writer at a time for the warehouse's file. Where dbt builds elsewhere it leaves the file to
# the loads, and only another dbt must not build the same tables meanwhile.
WRITER_POOL = "duckdb_writer"
SPARK_POOL = "spark_models"


def target() -> str:
    """HUBTIDE_TARGET: `duckdb` where it is not set. Raises HubtideError for any other name."""
    value = os.environ.get(TARGET, "") or DUCKDB
    if value not in (DUCKDB, SPARK):
        raise HubtideError(f"{TARGET} is '{value}': write {DUCKDB} or {SPARK}")
    return value


def memory_limit() -> str:
    """HUBTIDE_MEMORY_LIMIT: `80%` where it is not set, as in profiles.yml.

    Raises HubtideError for what DuckDB does not take.
    """
    value = os.environ.get(MEMORY_LIMIT, "") or "80%"
    try:
        duckdb.connect(config={"memory_limit": value}).close()
    except duckdb.Error:
        raise HubtideError(f"{MEMORY_LIMIT} is '{value}': write 12GB, or 80%") from None
    return value


def models_pool() -> str:
    """The pool of whatever builds or reads the models' tables."""
    return SPARK_POOL if target() == SPARK else WRITER_POOL


def hand_over_raw(home: Home) -> int | None:
    """Make the sources readable for the engine: on Spark, `raw` as Parquet files; their rows.

    Opens the warehouse, so it belongs into a step of its writers' pool. None where the engine reads
    the warehouse itself.
    """
    if target() == DUCKDB:
        return None
    return sum(export_raw(home.warehouse, raw_files(home)).values())


def marts_database(home: Home) -> Path:
    """A DuckDB file with the schemas `marts` and `raw` of the last build, to be read only.

    On `duckdb` the warehouse itself. On `spark` views over the Parquet files of both, written anew
    at each call.
    """
    if target() == DUCKDB:
        return home.warehouse
    tables = spark_warehouse(home)
    file = home.root / "spark-marts.duckdb"
    incoming = file.with_suffix(".incoming")
    incoming.unlink(missing_ok=True)
    with duckdb.connect(str(incoming)) as connection:
        for schema, folder in (("marts", tables / "marts.db"), ("raw", raw_files(home))):
            connection.execute(f"create schema {schema}")
            for table in sorted(path for path in folder.glob("[!._]*") if path.is_dir()):
                glob = str(table / "*.parquet").replace("'", "''")
                connection.execute(
                    f'create view {schema}."{table.name}" as '
                    f"from read_parquet('{glob}', hive_partitioning = false)"
                )
    incoming.replace(file)
    return file


def raw_files(home: Home) -> Path:
    """Where `raw` lies as Parquet files: HUBTIDE_RAW, a folder that machine and cluster share."""
    value = os.environ.get("HUBTIDE_RAW", "")
    return Path(value) if value else home.root / "raw"


def spark_warehouse(home: Home) -> Path:
    """Where Spark keeps the tables (HUBTIDE_SPARK_WAREHOUSE)."""
    value = os.environ.get("HUBTIDE_SPARK_WAREHOUSE", "")
    return Path(value) if value else home.root / "spark-warehouse"
