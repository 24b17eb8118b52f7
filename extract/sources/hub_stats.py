"""Dated snapshots of the Hub: the dataset cfahlgren1/hub-stats, one Parquet file a day.

A file has one row a model; its columns drift (hub_stats_columns.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract.csv_lines import quoted
from extract.errors import ContractError, ImportFolderError
from extract.fetching import open_day
from extract.home import Home
from extract.import_folder import ImportFolder, stem
from extract.landing import Incoming, Manifest, land
from extract.readings import HUB, Tables
from extract.sources.base import Found
from extract.sources.hub_snapshots import Records
from extract.sources.hub_stats_columns import KNOWN_COLUMNS, parquet_records

SOURCE = "hub_stats"

# A file with at least this many rows is taken for the whole Hub when manifest.csv does not say:
# the Hub held over 700,000 models when the dataset began in July 2024, and no extract is so large.
WHOLE_HUB_ROWS = 500_000


def find(folder: ImportFolder, home: Home) -> list[Found]:
    """The snapshots of an import folder, by day.

    The day is manifest.csv's as_of, else the date that the file is named by. Raises
    ImportFolderError for a file without a date, and for two files of one day.
    """
    days: dict[date, Path] = {}
    for path in folder.files(SOURCE, ".parquet"):
        day = folder.dating(path).as_of or _date_of(stem(path))
        if day is None:
            raise ImportFolderError(
                f"{folder.name(path)}: name the file YYYY-MM-DD.parquet, or give it an as_of in "
                "manifest.csv"
            )
        if day > open_day() + timedelta(days=1):
            raise ImportFolderError(
                f"{folder.name(path)} is of {day}, a day that has not come: name it by its own"
            )
        if day in days:
            raise ImportFolderError(
                f"{folder.name(path)} and {folder.name(days[day])} are both of {day}: keep one"
            )
        days[day] = path
    return [
        Found(SOURCE, day.isoformat(), f"{day:%Y-%m}", _lander(folder, home, day, path))
        for day, path in sorted(days.items())
    ]


class Reader:
    """Reads landed Parquet files. Those of one era, with the same columns, are read together."""

    tables = Tables(SOURCE)

    def alike(
        self, con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]
    ) -> list[Manifest]:
        """The first manifest and those after it whose files have its columns and types."""
        return _alike(con, manifests)

    def records(self, con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> Records:
        """Their records. Raises ContractError for a file that is no Parquet, or has no `id`."""
        columns = _columns(con, _path(manifests[0]), f"{SOURCE} {manifests[0].partition}")
        known = {name.lower() for name in KNOWN_COLUMNS}
        unknown = {name: str(type_) for name, type_ in columns.items() if name.lower() not in known}
        return Records(
            parquet_records(columns, [_path(manifest) for manifest in manifests]),
            dict.fromkeys(range(1, len(manifests) + 1), unknown),
            lambda file: _payloads(manifests[file - 1], columns),
        )


def _date_of(name: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _lander(
    folder: ImportFolder, home: Home, day: date, path: Path
) -> Callable[[duckdb.DuckDBPyConnection], Manifest]:
    def run(con: duckdb.DuckDBPyConnection) -> Manifest:
        rows = _row_count(con, path)
        dating = folder.dating(path)
        return land(
            home,
            SOURCE,
            day.isoformat(),
            [Incoming(path.name, path, folder.name(path), rows)],
            is_synthetic=folder.is_synthetic,
            as_of=day,
            days_early=dating.days_early,
            scope=dating.scope or (HUB if (rows or 0) >= WHOLE_HUB_ROWS else "rows"),
        )

    return run


def _row_count(con: duckdb.DuckDBPyConnection, path: Path) -> int | None:
    """Rows by the file's footer; None where it is no Parquet file (its load says so)."""
    try:
        return int(
            con.execute(
                "select num_rows from parquet_file_metadata($path)", {"path": str(path)}
            ).fetchall()[0][0]
        )
    except duckdb.Error:
        return None


def _columns(con: duckdb.DuckDBPyConnection, path: Path, label: str) -> dict[str, Any]:
    try:
        description = con.execute(
            "select * from read_parquet($path) limit 0", {"path": str(path)}
        ).description
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise ContractError(f"{label}: the file is no readable Parquet: fetch it again") from None
    columns = {str(entry[0]): entry[1] for entry in description or ()}
    if "id" not in {name.lower() for name in columns}:
        raise ContractError(f"{label}: the file has no column 'id'; is it a hub-stats snapshot?")
    return columns


def _path(manifest: Manifest) -> Path:
    return manifest.path_of(manifest.files[0])


def _alike(con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> list[Manifest]:
    """The first manifest and those after it whose files have its columns and types."""
    if len(manifests) == 1:
        return list(manifests)
    by_path = {str(_path(manifest)): manifest for manifest in manifests}
    try:
        rows = con.execute(
            """
            select
                file_name,
                md5(
                    string_agg(
                        concat_ws('|', name, type, num_children, converted_type, logical_type),
                        ';'
                    )
                ) as signature
            from parquet_schema($paths)
            group by file_name
            """,
            {"paths": list(by_path)},
        ).fetchall()
    except duckdb.Error:  # one of the files is no Parquet file: each shows for itself
        return list(manifests[:1])
    signatures = dict(rows)
    first = signatures.get(str(_path(manifests[0])))
    return list(
        itertools.takewhile(
            lambda manifest: signatures.get(str(_path(manifest))) == first, manifests
        )
    )


def _payloads(manifest: Manifest, columns: dict[str, Any]) -> str:
    """SQL for the rows of a file as JSON."""
    pairs = ", ".join(f"{quoted(name)}, " + '"' + name.replace('"', '""') + '"' for name in columns)
    return f"""
        select
            {quoted(manifest.files[0].name)} as page,
            file_row_number + 1 as file_row,
            file_row_number + 1 as row_number,
            cast(json_object({pairs}) as varchar) as payload,
        from read_parquet({quoted(str(_path(manifest)))}, file_row_number = true)
        where file_row_number + 1 in (
            select row_number from temp.staged where reason is not null
        )
    """
