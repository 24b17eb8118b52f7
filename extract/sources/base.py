"""What every source module gives: its partitions in an import folder, and a load function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from extract.home import Home
from extract.import_folder import ImportFolder
from extract.landing import Incoming, Manifest, count_lines, land
from extract.warehouse import Counts, Load


@dataclass(frozen=True)
class Found:
    """A partition in an import folder. `group` is what progress is reported by.

    `land` lands its files and returns the manifest; the connection is one in memory, for counting
    rows and reading dates.
    """

    source: str
    partition: str
    group: str
    land: Callable[[duckdb.DuckDBPyConnection], Manifest]


def csv_lander(
    folder: ImportFolder,
    home: Home,
    source: str,
    partition: str,
    path: Path,
    scope: str,
    newest_day: Callable[[Path], date | None] | None = None,
) -> Callable[[duckdb.DuckDBPyConnection], Manifest]:
    """A `Found.land` for a partition of one CSV file.

    Its day is manifest.csv's as_of, else what `newest_day` reads from the file. A .gz that is
    damaged has None for its rows, which its load refuses (csv_lines.require_whole).
    """

    def run(_: duckdb.DuckDBPyConnection) -> Manifest:
        lines = count_lines(path)
        dating = folder.dating(path)
        return land(
            home,
            source,
            partition,
            # less the header
            [Incoming(path.name, path, folder.name(path), max(lines - 1, 0) if lines else lines)],
            is_synthetic=folder.is_synthetic,
            as_of=dating.as_of or (newest_day(path) if newest_day else None),
            days_early=dating.days_early,
            scope=scope,
        )

    return run


class Loader(Protocol):
    """Loads the partitions of one run."""

    def prepare(self, manifest: Manifest) -> None:
        """Get a partition ready outside any transaction; changes nothing in `raw`."""

    def load(self, load: Load) -> Counts:
        """Write the partition into `raw`, inside the open transaction."""


class SimpleLoader:
    """A loader that does everything inside the transaction."""

    def __init__(self, load: Callable[[Load], Counts]) -> None:
        self._load = load

    def prepare(self, manifest: Manifest) -> None:
        """Nothing to prepare."""

    def load(self, load: Load) -> Counts:
        """Write the partition into `raw`, inside the open transaction."""
        return self._load(load)


@dataclass(frozen=True)
class Source:
    """A source: its name, its partitions in an import folder (in load order), its loader.

    `loader` gets the connection, the manifests to load in order, the partitions that have a load
    already, and whether totals are compared with the previous read day's.
    """

    name: str
    find: Callable[[ImportFolder, Home], list[Found]]
    loader: Callable[[duckdb.DuckDBPyConnection, Sequence[Manifest], Collection[str], bool], Loader]
