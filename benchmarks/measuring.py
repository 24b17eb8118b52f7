"""What a dbt build costs: time in DuckDB by node, and what is left of its wall time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.dbt import build_arguments
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT, STATISTICS_OFF
from orchestration.manifest import dbt_executable

# dbt puts a comment before each statement.
_LEADING_COMMENT = re.compile(r"\A(?:\s|/\*.*?\*/)*", re.DOTALL)


@dataclass
class Costs:
    """Seconds. `models` and `tests` are the sums of the elapsed times of their statements (two run
    at a time, so a sum may pass the wall time); `queries` is the part of `models` that depends on
    rows: the models' own SQL, without transactions, renamings, drops and checks of columns. `busy`
    is the time in which any statement ran."""

    wall: float = 0.0
    cpu: float = 0.0
    busy: float = 0.0
    models: float = 0.0
    tests: float = 0.0
    queries: float = 0.0
    by_node: dict[str, float] = field(default_factory=dict)

    @property
    def fixed(self) -> float:
        """Wall time in which no statement ran: dbt's own."""
        return self.wall - self.busy

    def costliest(self, kind: str, number: int = 10) -> list[tuple[str, float]]:
        """The nodes of a kind (`model`, `seed`, `test`) that took longest."""
        chosen = [(name, cost) for name, cost in self.by_node.items() if name.startswith(kind)]
        return sorted(chosen, key=lambda entry: -entry[1])[:number]


def environment(home: Path) -> dict[str, str]:
    """The environment of dbt and Dagster on a home, with dbt's own log as JSON events."""
    return {
        **os.environ,
        **STATISTICS_OFF,
        "HUBTIDE_HOME": str(home),
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DBT_TARGET_PATH": str(home / ".dbt"),
        "DBT_LOG_PATH": str(home / ".dbt"),
        "DAGSTER_HOME": str(home / ".dagster"),
        "DBT_LOG_FORMAT_FILE": "json",
        "DBT_LOG_LEVEL_FILE": "debug",
        "DBT_LOG_FILE_MAX_BYTES": "0",
    }


def build(home: Path, *arguments: str) -> Costs:
    """The project's one dbt invocation, measured; raises SystemExit with dbt's output."""
    return _measured(
        home, [dbt_executable(), "--quiet", *build_arguments(), *arguments], DBT_PROJECT_DIR
    )


def pipeline(home: Path, folder: Path) -> tuple[float, Costs]:
    """`make import` of a folder: its wall time, and the costs of the dbt build in it."""
    command = [sys.executable, "-m", "orchestration", "import", str(folder)]
    costs = _measured(home, command, PROJECT_ROOT)
    wall, costs.wall = costs.wall, _log_seconds(home)
    return wall, costs


def _measured(home: Path, command: Sequence[str], directory: Path) -> Costs:
    log = home / ".dbt" / "dbt.log"
    log.unlink(missing_ok=True)
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
    costs = _from_log(log)
    costs.wall = wall
    costs.cpu = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return costs


def _from_log(log: Path) -> Costs:
    sums: dict[str, float] = defaultdict(float)
    statements: dict[str, str] = {}
    intervals, queries = [], 0.0
    for event in _events(log):
        name, thread = event["info"]["name"], event["info"]["thread"]
        if name == "SQLQuery":
            statements[thread] = event["data"]["sql"]
        if name != "SQLQueryStatus":
            continue
        elapsed = float(event["data"]["elapsed"])
        ended = _seconds(event)
        intervals.append((ended - elapsed, ended))
        node = _short((event["data"].get("node_info") or {}).get("unique_id") or "other")
        sums[node] += elapsed
        if node.startswith(("model ", "seed ")) and _moves_rows(statements.get(thread, "")):
            queries += elapsed
    return Costs(
        busy=_union(intervals),
        models=sum(cost for name, cost in sums.items() if name.startswith(("model ", "seed "))),
        tests=sum(cost for name, cost in sums.items() if name.startswith("test ")),
        queries=queries,
        by_node=dict(sums),
    )


def _moves_rows(statement: str) -> bool:
    """Whether a statement is a model's own SQL, or fills or empties its table."""
    words = " ".join(_LEADING_COMMENT.sub("", statement[:2000]).lower().split())
    return words.startswith(
        ("create table", "create temporary table", "insert", "delete", "copy", "truncate")
    )


def _log_seconds(home: Path) -> float:
    """From dbt's first event to its last."""
    times = [_seconds(event) for event in _events(home / ".dbt" / "dbt.log")]
    return max(times) - min(times)


def _events(log: Path) -> list[Mapping[str, Mapping[str, Any]]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _seconds(event: Mapping[str, Mapping[str, Any]]) -> float:
    return datetime.fromisoformat(str(event["info"]["ts"]).replace("Z", "+00:00")).timestamp()


def _short(node: str) -> str:
    """`model.hubtide.days` as `model days`; a test keeps its whole name."""
    parts = node.split(".")
    return " ".join((parts[0], parts[2])) if len(parts) > 2 else node


def _union(intervals: list[tuple[float, float]]) -> float:
    total, end = 0.0, float("-inf")
    for low, high in sorted(intervals):
        total += max(0.0, high - max(low, end))
        end = max(end, high)
    return total
