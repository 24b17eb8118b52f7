"""What one more day costs on a long history, and what a late day and nothing new cost.

    python -m benchmarks.one_more_day [--models 1500] [--days 1200] [--keep DIR]

Generates a synthetic history, loads it with the project's own loader, builds in full, then loads
and builds one more day, a late day in the middle, and nothing. Prints DuckDB's query time of each
build, by models and by data tests, and what dbt and Dagster cost besides.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from benchmarks.measuring import Costs, build, pipeline
from benchmarks.synthetic import Hub, write_snapshots
from extract.home import Home
from extract.loading import load_source
from extract.sources.hub_stats import SOURCE
from orchestration.environment import PROJECT_ROOT

RESULTS = PROJECT_ROOT / "benchmarks" / "results"
COSTLIEST = 15  # models that are shown
TARGET = 0.2  # one more day costs at most this share of the full build


@dataclass(frozen=True)
class Step:
    """A build with what was loaded before it; `load` in seconds."""

    name: str
    load: float
    costs: Costs


def main() -> int:
    options = _options()
    hub = Hub(options.models, options.days)
    root = options.keep or Path(tempfile.mkdtemp(prefix="hubtide-benchmark-"))
    try:
        steps, whole = _run(hub, root, options)
    finally:
        if options.keep is None:
            shutil.rmtree(root, ignore_errors=True)
    print(_report(steps, whole))
    if options.save:
        _save(hub, steps, whole, options.save)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1500, help="tracked models (1500)")
    parser.add_argument("--days", type=int, default=1200, help="days of history (1200)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR and leave it there")
    parser.add_argument("--save", metavar="NAME", help="write benchmarks/results/NAME.json")
    parser.add_argument("--no-dagster", action="store_true", help="leave out the run by Dagster")
    parser.add_argument("--full-refresh", action="store_true",
                        help="build in full at the end and compare the marts")  # fmt: skip
    return parser.parse_args()


def _run(hub: Hub, root: Path, options: argparse.Namespace) -> tuple[list[Step], Costs | None]:
    folder, home = root / "snapshots", Home(root / "home")
    if not folder.exists():
        started = time.perf_counter()
        write_snapshots(hub, folder)
        _say(f"snapshots written in {time.perf_counter() - started:.0f} s")
    aside = root / "aside"
    aside.mkdir(exist_ok=True)
    snapshots = folder / "hub_stats"
    for day in (hub.new_day, hub.next_day, hub.late_day):
        _move(day, snapshots, aside)
    steps = [_step("full build", folder, home)]
    _say(_sizes(home))
    _move(hub.new_day, aside, snapshots)
    steps.append(_step("one more day", folder, home))
    _move(hub.late_day, aside, snapshots)
    steps.append(_step("a late day in the middle", folder, home))
    steps.append(_step("nothing new", folder, home))
    if options.full_refresh:
        before = root / "incremental.duckdb"
        shutil.copy(home.warehouse, before)
        steps.append(_step("full refresh", folder, home, "--full-refresh"))
        _say(f"marts that differ from the full refresh: {_differences(before, home.warehouse)}")
    _move(hub.next_day, aside, snapshots)
    whole = None
    if not options.no_dagster:
        whole = pipeline(home.root, folder)
    return steps, whole


def _step(name: str, folder: Path, home: Home, *arguments: str) -> Step:
    started = time.perf_counter()
    load_source(SOURCE, folder, home)
    loaded = time.perf_counter() - started
    costs = build(home.root, *arguments)
    _say(f"{name}: loaded in {loaded:.1f} s, built in {costs.wall:.1f} s")
    return Step(name, loaded, costs)


def _move(day: date, source: Path, target: Path) -> None:
    """Move a day's snapshot between two of the folders, if it is in the first."""
    file = source / f"{day}.parquet"
    if file.exists():
        shutil.move(file, target / file.name)


def _sizes(home: Home) -> str:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        ((readings, days, tracked),) = con.execute(
            "select (select count(*) from raw.hub_stats_readings), "
            "(select count(*) from adoption.model_days), "
            "(select count(*) from buckets.models where is_tracked)"
        ).fetchall()
    return f"{readings:,} sparse readings, {tracked:,} tracked models, {days:,} dense days"


def _differences(one: Path, other: Path) -> list[str]:
    from tests.dbt_project.running import VINTAGES, differences

    return sorted(differences(one, other, *VINTAGES))


def _report(steps: list[Step], whole: Costs | None) -> str:
    full = steps[0].costs
    headings = ("queries", "of full", "CPU", "of full", "statements", "wall", "dbt", "peak MB",
                "load")  # fmt: skip
    lines = ["", " " * 28 + "".join(f"{heading:>11}" for heading in headings)]
    for step in steps:
        costs = step.costs
        lines.append(
            f"{step.name:28}{costs.queries:11.2f}{costs.queries / full.queries:11.0%}"
            f"{costs.query_cpu:11.2f}{costs.query_cpu / full.query_cpu:11.0%}"
            f"{costs.statements:11.2f}{costs.wall:11.1f}{costs.fixed:11.1f}"
            f"{costs.peak_mb:11.0f}{step.load:11.1f}"
        )
    lines.append(
        "\nSeconds. queries: DuckDB's time for the models' own SQL, planning included; CPU: of its "
        "operators; statements: also data tests, renamings and checks of columns. wall: dbt's; "
        "dbt: wall time in which no statement ran."
    )
    if whole is not None:
        lines.append(
            f"make import of another day took {whole.wall:.1f} s, of which statements of dbt ran "
            f"in {whole.busy:.1f} s; the rest is loading, publishing, dbt and Dagster."
        )
    day = steps[1].costs
    verdict = "reached" if day.queries <= TARGET * full.queries else "not reached"
    lines.append(
        f"One more day costs {day.queries / full.queries:.1%} of the full build's queries, "
        f"{day.query_cpu / full.query_cpu:.1%} of their CPU. A fifth of the queries: {verdict}."
    )
    for step in steps:
        lines.append(f"\n{step.name}: seconds, CPU seconds")
        lines += [
            f"  {model.seconds:7.3f} {model.cpu_seconds:7.3f}  {model.step}"
            for model in step.costs.models[:COSTLIEST]
        ]
    return "\n".join(lines)


def _save(hub: Hub, steps: list[Step], whole: Costs | None, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "models": hub.models,
        "days": hub.days,
        "duckdb": duckdb.__version__,
        "python": sys.version.partition(" ")[0],
        "make_import_seconds": None if whole is None else round(whole.wall, 1),
        "steps": [
            {
                "name": step.name,
                "load_seconds": round(step.load, 2),
                "query_seconds": round(step.costs.queries, 3),
                "query_cpu_seconds": round(step.costs.query_cpu, 3),
                "statement_seconds": round(step.costs.statements, 3),
                "wall_seconds": round(step.costs.wall, 2),
                "dbt_fixed_seconds": round(step.costs.fixed, 2),
                "process_cpu_seconds": round(step.costs.cpu, 1),
                "peak_mb": round(step.costs.peak_mb),
                "costliest": {
                    model.step: [round(model.seconds, 3), round(model.cpu_seconds, 3)]
                    for model in step.costs.models[:COSTLIEST]
                },
            }
            for step in steps
        ],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
