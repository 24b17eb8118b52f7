"""Reading a published marts.duckdb: each figure keeps the query that it was read with."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb


class NotPublishedError(Exception):
    """There is no published database to read; the message is one line."""


@dataclass(frozen=True)
class Result:
    """What a query gave. `missing` says why nothing could be asked, where a table is not there.

    Values are what JSON can hold: dates as ISO text, decimals as numbers, lists as lists; null is
    None and stays None: unknown is never a number.
    """

    query: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    missing: str = ""

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def known(self, column: str) -> list[dict[str, Any]]:
        """The records in which a column is known."""
        return [record for record in self.records if record.get(column) is not None]


class Marts:
    """A published database, open for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        about = self.query("select * from about").records
        if len(about) != 1:
            raise NotPublishedError("this database has no table `about` with one row: not a build")
        self.about: dict[str, Any] = about[0]

    def query(self, sql: str) -> Result:
        """Run a query. A table or column that an older build lacks gives a result without rows."""
        text = dedent(sql).strip()
        try:
            cursor = self._connection.execute(text)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            return Result(text, missing=str(error).splitlines()[0])
        columns = tuple(column[0] for column in cursor.description or ())
        rows = tuple(tuple(plain(value) for value in row) for row in cursor.fetchall())
        return Result(text, columns, rows)


@contextmanager
def open_marts(path: Path) -> Iterator[Marts]:
    """Open a published marts.duckdb.

    Raises:
        NotPublishedError: there is no such file, or it is no published build.
    """
    # The real path: a link that leads to another build while this one is read changes nothing.
    real = path.resolve()
    if not real.is_file():
        raise NotPublishedError(f"there is no file {path}: publish a build first (`make run`)")
    try:
        connection = duckdb.connect(str(real), read_only=True)
        connection.execute("set enable_progress_bar = false")
    except duckdb.Error as error:
        raise NotPublishedError(f"{path} is no database that can be read: {error}") from None
    with connection:
        yield Marts(connection)


def plain(value: Any) -> Any:
    """A value of DuckDB as one of JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
