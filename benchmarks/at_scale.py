"""The pipeline on a population of the Hub's shape: load, build, one more day, a restated day.

    python -m benchmarks.at_scale [--scale small|middle|hub] [--keep DIR] [--memory 12GB]

The history is written by queries, as the loader would have (benchmarks/whole_hub.py); what is timed
is the project's own: records of the Hub's API landed as pages and loaded, dbt's builds, a day's
snapshot loaded and built, a day restated, and the published copy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from benchmarks.measuring import Costs, build
from benchmarks.one_more_day import RESULTS
from benchmarks.whole_hub import LAST_DAY, POPULATIONS, Population, fill, pages, snapshot
from extract.home import Home
from extract.landing import OpenPartition, source_lock
from extract.loading import load_landed, load_source
from orchestration.publishing import publish

T = TypeVar("T")

COSTLIEST = 20
# The restated day lies in a month that is over.
RESTATED = LAST_DAY - timedelta(days=45)


@dataclass(frozen=True)
class Step:
    """A build with what was loaded before it; `load` in seconds, for `records` records."""

    name: str
    load: float
    records: int
    costs: Costs


def main() -> int:
    options = _options()
    population = POPULATIONS[options.scale]
    if options.memory:
        os.environ["HUBTIDE_MEMORY_LIMIT"] = options.memory
    root = options.keep or Path(tempfile.mkdtemp(prefix="hubtide-benchmark-"))
    try:
        result = _run(population, root, options)
    finally:
        if options.keep is None:
            shutil.rmtree(root, ignore_errors=True)
    print(_report(result))
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"{options.save}.json"
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", choices=list(POPULATIONS), default="middle")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR and leave it there")
    parser.add_argument("--memory", metavar="LIMIT", help="the engine's memory limit, e.g. 2GB")
    parser.add_argument("--save", metavar="NAME", help="write benchmarks/results/NAME.json")
    parser.add_argument("--no-records", action="store_true", help="leave out loading records")
    return parser.parse_args()


def _run(population: Population, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    result: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scale": population.name,
        "duckdb": duckdb.__version__,
        "python": sys.version.partition(" ")[0],
        "cores": os.cpu_count(),
        "memory_limit": options.memory or "80%",
    }
    if not options.no_records:
        result["records"] = _load_records(population, Home(root / "records"))
        shutil.rmtree(root / "records", ignore_errors=True)
    home = Home(root / "home")
    shutil.rmtree(home.root, ignore_errors=True)
    counts, seconds = _timed(lambda: fill(population, home))
    result["counts"] = counts
    _say(f"{counts} written in {seconds:.0f} s")
    steps = [Step("full build", 0, 0, build(home.root))]
    _say(_line(steps[-1]))
    for name, day, factor in (
        ("one more day", LAST_DAY, 1.0),
        ("a restated day", RESTATED, 1.01),
    ):
        steps.append(_day(population, root, home, name, day, factor))
        _say(_line(steps[-1]))
    result["steps"] = [_summary(step) for step in steps]
    result["peak_resident_mb"] = round(
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    )
    published, seconds = _timed(
        lambda: publish(home.warehouse, home.exports, commit="benchmark", seeds_sha256="")
    )
    result["published"] = {
        "seconds": round(seconds, 1),
        "megabytes": round(
            sum(path.stat().st_size for path in published.folder.rglob("*") if path.is_file()) / 1e6
        ),
        "database_megabytes": round((published.folder / "marts.duckdb").stat().st_size / 1e6),
    }
    result["warehouse_megabytes"] = round(home.warehouse.stat().st_size / 1e6)
    return result


def _load_records(population: Population, home: Home) -> dict[str, Any]:
    """Land a read of the whole Hub as pages of the API's JSON, and load it; records a second."""
    shutil.rmtree(home.root, ignore_errors=True)
    now = datetime.now(UTC).replace(tzinfo=None)
    with source_lock(home, "hub_api"):
        partition = OpenPartition(home, "hub_api", f"{LAST_DAY}-hub")
        for number, (rows, body) in enumerate(pages(population, LAST_DAY), 1):
            partition.add(
                f"{number:04}.json", body, rows=rows, fetched_at=now, origin="/api/models"
            )
        partition.complete(is_synthetic=True, as_of=LAST_DAY, scope="hub")
    ((loaded,), seconds) = _timed(lambda: load_landed("hub_api", home))
    _say(f"{loaded.rows_read:,} records loaded in {seconds:.1f} s")
    return {
        "records": loaded.rows_read,
        "stored": loaded.rows_stored,
        "seconds": round(seconds, 2),
        "records_a_second": round(loaded.rows_read / seconds),
    }


def _day(
    population: Population, root: Path, home: Home, name: str, day: date, factor: float
) -> Step:
    folder = root / "import"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "hub_stats").mkdir(parents=True)
    (folder / "SYNTHETIC").touch()
    file = folder / "hub_stats" / f"{day}.parquet"
    snapshot(population, day, file, factor=factor)
    (folder / "manifest.csv").write_text(
        f"file,as_of,days_early,scope\nhub_stats/{day}.parquet,{day},0,hub\n", encoding="utf-8"
    )
    (loaded,), seconds = _timed(lambda: load_source("hub_stats", folder, home))
    return Step(name, seconds, loaded.rows_read, build(home.root))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _summary(step: Step) -> dict[str, Any]:
    costs = step.costs
    return {
        "name": step.name,
        "load_seconds": round(step.load, 2),
        "records": step.records,
        "query_seconds": round(costs.queries, 2),
        "query_cpu_seconds": round(costs.query_cpu, 2),
        "statement_seconds": round(costs.statements, 2),
        "wall_seconds": round(costs.wall, 2),
        "process_cpu_seconds": round(costs.cpu, 1),
        "peak_mb": round(costs.peak_mb),
        "models": {
            model.step: {
                "seconds": round(model.seconds, 3),
                "cpu_seconds": round(model.cpu_seconds, 3),
                "peak_mb": round(model.peak_mb),
                "rows_in": model.rows_in,
                "rows_out": model.rows_out,
                "bytes_written": model.bytes_written,
            }
            for model in costs.models
        },
    }


def _line(step: Step) -> str:
    costs = step.costs
    return (
        f"{step.name}: loaded in {step.load:.1f} s; models {costs.queries:.1f} s, "
        f"CPU {costs.query_cpu:.1f} s, wall {costs.wall:.1f} s, peak {costs.peak_mb:.0f} MB"
    )


def _report(result: dict[str, Any]) -> str:
    lines = [f"scale {result['scale']}: {result.get('counts')}"]
    if "records" in result:
        records = result["records"]
        lines.append(
            f"{records['records']:,} JSON records loaded, {records['records_a_second']:,} a second"
        )
    full = result["steps"][0]
    headings = ("load", "models", "CPU", "of full", "tests", "wall", "peak MB")
    lines.append(" " * 20 + "".join(f"{heading:>11}" for heading in headings))
    for step in result["steps"]:
        share = step["query_cpu_seconds"] / full["query_cpu_seconds"]
        lines.append(
            f"{step['name']:20}{step['load_seconds']:11.1f}{step['query_seconds']:11.1f}"
            f"{step['query_cpu_seconds']:11.1f}{share:11.1%}"
            f"{step['statement_seconds'] - step['query_seconds']:11.1f}"
            f"{step['wall_seconds']:11.1f}{step['peak_mb']:11}"
        )
    lines.append(
        "Seconds of the engine: models and seeds, planning included; CPU of their operators; data "
        "tests and all other statements. wall: dbt's."
    )
    lines.append(
        f"published copy: {result['published']['megabytes']:,} MB in "
        f"{result['published']['seconds']} s; largest process {result['peak_resident_mb']:,} MB"
    )
    for step in result["steps"]:
        lines.append(f"\n{step['name']}: seconds, CPU seconds, MB")
        lines += [
            f"  {cost['seconds']:8.2f} {cost['cpu_seconds']:8.2f} {cost['peak_mb']:6}  {name}"
            for name, cost in list(step["models"].items())[:COSTLIEST]
        ]
    return "\n".join(lines)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
