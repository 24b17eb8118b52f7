"""What every source module gives: its partitions in an import folder, and a load function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb

from extract.home import Home
from extract.import_folder import ImportFolder
from extract.landing import Manifest
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
