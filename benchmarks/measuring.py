"""What a dbt build costs: by the engine's own measures, and in wall time and CPU around it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract.home import Home
from orchestration.costs import ENGINE_COSTS, Step, of_models
from orchestration.dbt import build_arguments
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT, STATISTICS_OFF
from orchestration.manifest import dbt_executable


@dataclass
class Costs:
    """Seconds. `wall` and `cpu` are dbt's process from start to end. The others are the engine's
    own measures (dbt_project/macros/engine_costs.sql), so that what Python does between is not in
    them: `queries` is the total time, planning included, of the statements that fill the tables of
    models and seeds, `query_cpu` their operators' CPU time on both cores, and `statements` the
    total time of all statements (data tests above all). `busy` is the wall time in which any
    statement ran. `peak_mb` is the most buffer memory that a statement held; `models` are the costs
    of each, costliest first."""

    wall: float = 0.0
    cpu: float = 0.0
    busy: float = 0.0
    queries: float = 0.0
    query_cpu: float = 0.0
    statements: float = 0.0
    peak_mb: float = 0.0
    models: list[Step] = field(default_factory=list)

    @property
    def fixed(self) -> float:
        """Wall time in which no statement ran: dbt's own."""
        return self.wall - self.busy


def environment(home: Path) -> dict[str, str]:
    """The environment of dbt and Dagster on a home, where the engine measures each statement."""
    return {
        **os.environ,
        **STATISTICS_OFF,
        "HUBTIDE_HOME": str(home),
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DBT_TARGET_PATH": str(home / ".dbt"),
        "DBT_LOG_PATH": str(home / ".dbt"),
        "DAGSTER_HOME": str(home / ".dagster"),
        "HUBTIDE_ENGINE_COSTS": str(_file(home)),
    }


def build(home: Path, *arguments: str) -> Costs:
    """The project's one dbt invocation, measured; raises SystemExit with dbt's output.

    One statement runs at a time, on both cores: of two at a time each waits for the other, and the
    sum of their times counts that twice. `rows_out` of a model are the rows that its table holds
    after the build.
    """
    costs = _measured(
        home,
        [dbt_executable(), "--quiet", *build_arguments(), "--threads", "1", *arguments],
        DBT_PROJECT_DIR,
    )
    rows = _rows(home)
    for model in costs.models:
        model.rows_out = rows.get(model.step.removeprefix("model "))
    return costs


def pipeline(home: Path, folder: Path) -> Costs:
    """`make import` of a folder, measured: `wall` and `cpu` are of the whole command."""
    return _measured(
        home, [sys.executable, "-m", "orchestration", "import", str(folder)], PROJECT_ROOT
    )


def _measured(home: Path, command: Sequence[str], directory: Path) -> Costs:
    _file(home).unlink(missing_ok=True)
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    costs = _engine_costs(_file(home))
    costs.wall = wall
    costs.cpu = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return costs


def _rows(home: Path) -> dict[str, int]:
    """Rows by table; dbt's own names are unique over all schemas."""
    with duckdb.connect(str(Home(home).warehouse), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name != 'raw'"
        ).fetchall()
        counts = [
            con.table(f'"{schema}"."{table}"').count("*").fetchall() for schema, table in tables
        ]
    return {table: count for (_, table), ((count,),) in zip(tables, counts, strict=True)}


def _file(home: Path) -> Path:
    return home / ".dbt" / ENGINE_COSTS


def _engine_costs(file: Path) -> Costs:
    models = of_models(file)
    with duckdb.connect() as con:
        statements = con.execute(
            "select epoch(started_at), epoch(ended_at), seconds, peak_bytes / 1e6 "
            "from read_parquet($file)",
            {"file": str(file)},
        ).fetchall()
    return Costs(
        busy=_union([(started, ended) for started, ended, _, _ in statements]),
        queries=sum(model.seconds for model in models),
        query_cpu=sum(model.cpu_seconds for model in models),
        statements=sum(seconds for _, _, seconds, _ in statements),
        peak_mb=max(peak for _, _, _, peak in statements),
        models=models,
    )


def _union(intervals: list[tuple[float, float]]) -> float:
    total, end = 0.0, float("-inf")
    for low, high in sorted(intervals):
        total += max(0.0, high - max(low, end))
        end = max(end, high)
    return total
