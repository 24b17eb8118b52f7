"""The tasks by name, with what is compared of each and the ratios that the project aims at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.peers import adoption, lineage, monthly
from benchmarks.peers.runs import Engine


@dataclass(frozen=True)
class Task:
    """`columns` are those of each result, `targets` the least ratio of an engine's seconds to
    DuckDB's at the scale of the whole Hub, and `limit` the greatest of DuckDB's to numba's."""

    engines: Mapping[str, Engine]
    columns: Mapping[str, Sequence[str]]
    targets: Mapping[str, float]
    limit: float


TASKS = {
    "lineage": Task(
        lineage.ENGINES,
        lineage.COLUMNS,
        targets={"polars": 1.8, "networkx": 10, "pandas": 15},
        limit=10,
    ),
    "adoption": Task(
        adoption.ENGINES,
        adoption.COLUMNS,
        targets={"polars": 2.5, "pandas": 4},
        limit=2,
    ),
    "monthly": Task(
        monthly.ENGINES,
        monthly.COLUMNS,
        targets={"polars": 2, "pandas": 2.5},
        limit=3.5,
    ),
}
