"""Questions that orchestration asks the load ledger. Each opens or reads, none writes."""

from collections.abc import Iterable
from pathlib import Path

import duckdb


def row_counts(warehouse: Path, tables: Iterable[str]) -> dict[str, int]:
    """Rows of tables of schema raw; 0 for all where there is no warehouse yet."""
    if not warehouse.exists():
        return dict.fromkeys(tables, 0)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {table: _scalar(connection, f"select count(*) from raw.{table}") for table in tables}


def has_loads(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any partition has been loaded."""
    return _scalar(connection, "select count(*) from raw.loads where status = 'loaded'") > 0


def accounting_gaps(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`source/partition` of each current load whose counts do not add up."""
    rows = connection.execute(
        """
        select source || '/' || partition
        from raw.loads
        where status = 'loaded'
            and rows_read <> rows_stored + rows_unchanged + rows_rejected
        order by source, partition
        """
    ).fetchall()
    return [str(row[0]) for row in rows]


def reject_share(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Share of rejected records by source, over its current loads, 0 where nothing was read."""
    rows = connection.execute(
        """
        select source, coalesce(sum(rows_rejected) / nullif(sum(rows_read), 0), 0)
        from raw.loads
        where status = 'loaded'
        group by source
        order by source
        """
    ).fetchall()
    return {str(source): float(share) for source, share in rows}


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchall()
    return int(row[0][0])
