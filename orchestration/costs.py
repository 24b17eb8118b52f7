"""What a run's steps cost, kept beside Dagster's files until the build is published."""

import json
import os
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

# The engine's measures of a build's statements, in dbt's target folder.
ENGINE_COSTS = "engine_costs.parquet"

# ru_maxrss is in kilobytes on Linux.
_KILOBYTES_A_MEGABYTE = 1024


@dataclass
class Step:
    """One step's cost. `peak_mb`: the greatest resident size so far of this process or one that it
    waited for; of a model, the most buffer memory that one of its statements held."""

    step: str
    seconds: float = 0
    cpu_seconds: float = 0
    peak_mb: float = 0
    rows_in: int | None = None
    rows_out: int | None = None
    bytes_written: int | None = None

    def metadata(self) -> dict[str, float]:
        """What plots in the interface."""
        return {
            "seconds": round(self.seconds, 2),
            "cpu seconds": round(self.cpu_seconds, 2),
            "peak MB": round(self.peak_mb),
        }


@contextmanager
def timed(cost: Step) -> Iterator[Step]:
    """Measure what is done inside; the counts of rows are the caller's to set."""
    started, cpu = time.monotonic(), _cpu_seconds()
    try:
        yield cost
    finally:
        cost.seconds = time.monotonic() - started
        cost.cpu_seconds = _cpu_seconds() - cpu
        cost.peak_mb = _peak_mb()


@contextmanager
def measured(run_id: str, step: str) -> Iterator[Step]:
    """`timed`, and kept for the run whatever comes of it; the counts are the caller's too."""
    cost = Step(step)
    try:
        with timed(cost):
            yield cost
    finally:
        keep(run_id, [cost])


def keep(run_id: str, costs: Iterable[Step]) -> None:
    """Keep what steps cost until the run's build is published."""
    path = _file(run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(cost)) + "\n" for cost in costs)


def of_models(engine_costs: Path) -> list[Step]:
    """What the engine measured of each table that dbt filled, costliest first; [] without the file.

    `rows_in` are the rows that its statements read from tables. The file is that of
    dbt_project/macros/engine_costs.sql.
    """
    if not engine_costs.exists():
        return []
    with duckdb.connect() as con:
        rows = con.execute(
            """
            select
                'model ' || table_name,
                sum(seconds),
                sum(cpu_seconds),
                max(peak_bytes) / 1e6,
                cast(sum(rows_scanned) as bigint),
                cast(sum(written_bytes) as bigint)
            from read_parquet($file)
            where table_name is not null
            group by table_name
            order by sum(seconds) desc, table_name
            """,
            {"file": str(engine_costs)},
        ).fetchall()
    return [
        Step(step, seconds, cpu, peak, rows_in=scanned, bytes_written=written)
        for step, seconds, cpu, peak, scanned, written in rows
    ]


@dataclass(frozen=True)
class EngineSeconds:
    """The engine's wall seconds in a build's statements, summed: those that fill tables of models
    and seeds, and all others (data tests above all). Two may run at once."""

    tables: float = 0
    others: float = 0


def engine_seconds(engine_costs: Path) -> EngineSeconds:
    """What the engine measured of all statements; zeros without the file."""
    if not engine_costs.exists():
        return EngineSeconds()
    with duckdb.connect() as con:
        tables, others = con.execute(
            """
            select
                coalesce(sum(seconds) filter (where table_name is not null), 0),
                coalesce(sum(seconds) filter (where table_name is null), 0)
            from read_parquet($file)
            """,
            {"file": str(engine_costs)},
        ).fetchall()[0]
    return EngineSeconds(tables, others)


def take(run_id: str) -> list[dict[str, object]]:
    """The costs of a run's steps so far, in order; they are kept no longer."""
    path = _file(run_id)
    if not path.exists():
        return []
    steps = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.unlink()
    return steps


def _file(run_id: str) -> Path:
    return Path(os.environ["DAGSTER_HOME"]) / "costs" / f"{run_id}.jsonl"


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak_mb() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(usage.ru_maxrss for usage in usages) / _KILOBYTES_A_MEGABYTE
