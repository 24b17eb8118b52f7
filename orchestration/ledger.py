"""Questions that orchestration asks the load ledger. Each opens or reads, none writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract.warehouse import connect


def row_counts(warehouse: Path, tables: Iterable[str]) -> dict[str, int]:
    """Rows of tables of schema raw; 0 for all where there is no warehouse yet."""
    if not warehouse.exists():
        return dict.fromkeys(tables, 0)
    with connect(warehouse, read_only=True) as connection:
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


@dataclass(frozen=True)
class Volume:
    """Models read on a source's newest day, and the median of the days before it."""

    day: str
    models: int
    usual: float

    def problem(self, least: float, most: float) -> str | None:
        """A line where the newest day is outside `least` to `most` times the usual; else None."""
        if least * self.usual <= self.models <= most * self.usual:
            return None
        return f"{self.models:,} models on {self.day}, usually {self.usual:,.0f}"


def volumes(connection: duckdb.DuckDBPyConnection, days: int) -> dict[str, Volume]:
    """By source: the newest read day against the median of up to `days` read days before it.

    Over the scopes that were read on the newest day. Sources with fewer than two days are left out.
    """
    rows = connection.execute(
        """
        with newest as (
            select source, scope, day
            from raw.read_days
            qualify day = max(day) over (partition by source)
        ),
        totals as (
            select read_days.source, read_days.day, sum(read_days.models_read) as models
            from raw.read_days
            inner join newest
                on read_days.source = newest.source and read_days.scope = newest.scope
            group by read_days.source, read_days.day
        ),
        numbered as (
            select *, row_number() over (partition by source order by day desc) - 1 as days_back
            from totals
        )
        select
            source,
            max(case when days_back = 0 then day end) as day,
            max(case when days_back = 0 then models end) as models,
            median(case when days_back between 1 and $days then models end) as usual
        from numbered
        group by source
        having count(*) > 1
        """,
        {"days": days},
    ).fetchall()
    return {row[0]: Volume(str(row[1]), int(row[2]), float(row[3])) for row in rows}


def gaps(connection: duckdb.DuckDBPyConnection, days: int) -> dict[str, list[str]]:
    """By source: days without any read among the last `days` up to its newest, oldest first."""
    rows = connection.execute(
        """
        with bounds as (
            select
                source,
                greatest(min(day), max(day) - ($days - 1)::integer) as first_day,
                max(day) as last_day
            from raw.read_days
            group by source
        ),
        calendar as (
            select source, unnest(range(first_day, last_day, interval 1 day))::date as day
            from bounds
        )
        select calendar.source, calendar.day::varchar
        from calendar
        anti join raw.read_days
            on calendar.source = read_days.source and calendar.day = read_days.day
        order by calendar.source, calendar.day
        """,
        {"days": days},
    ).fetchall()
    return _grouped(rows)


def new_columns(
    connection: duckdb.DuckDBPyConnection, now: datetime, days: int
) -> dict[str, list[str]]:
    """By source: columns that the loader does not know, first seen within `days` before `now`."""
    rows = connection.execute(
        """
        select unknown_columns.source, unknown_columns.column_name
        from raw.unknown_columns
        inner join raw.loads
            on unknown_columns.load_id = loads.load_id
        where loads.finished_at > $since
        order by unknown_columns.source, unknown_columns.column_name
        """,
        {"since": now - timedelta(days=days)},
    ).fetchall()
    return _grouped(rows)


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, value in rows:
        found.setdefault(str(source), []).append(str(value))
    return found
