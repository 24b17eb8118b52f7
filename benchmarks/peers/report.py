"""The tables of a measurement, and what is saved of it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.peers.inputs import Inputs
from benchmarks.peers.running import Measured
from benchmarks.peers.runs import PACKAGES, missing
from benchmarks.peers.tasks import TASKS

# Ratios that the project aims at hold at this scale.
TARGET_SCALE = "hub"


def head(scale: str, inputs: Inputs, repetitions: int, threads: int) -> dict[str, Any]:
    """What was measured, when, with which versions and on what machine (no names, no paths)."""
    packages = sorted(
        {name for engine in PACKAGES if not missing(engine) for name in PACKAGES[engine]}
    )
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scale": scale,
        "repetitions": repetitions,
        "threads": threads,
        "machine": _machine(),
        "versions": {
            "python": sys.version.partition(" ")[0],
            "duckdb": duckdb.__version__,
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "rows": dict(inputs.counts),
        "tasks": {},
    }


def task_summary(
    scale: str, task: str, measured: Mapping[str, Measured], counts: Mapping[str, int]
) -> dict[str, Any]:
    """A task's costs by engine and the ratios to DuckDB's."""
    return {
        "results": dict(counts),
        "engines": {engine: runs.summary() for engine, runs in measured.items()},
        "ratios": _ratios(scale, task, measured),
    }


def _ratios(scale: str, task: str, measured: Mapping[str, Measured]) -> dict[str, dict[str, Any]]:
    """By engine: its median to DuckDB's, or DuckDB's to the compiled limit's."""
    own = measured["duckdb"].median if "duckdb" in measured else None
    ratios: dict[str, dict[str, Any]] = {}
    for engine, runs in measured.items():
        other = runs.median
        if engine == "duckdb" or own is None or other is None:
            continue
        is_limit = engine == "numba"
        ratio = own / other if is_limit else other / own
        target = TASKS[task].limit if is_limit else TASKS[task].targets.get(engine)
        ratios[engine] = {"ratio": round(ratio, 2)}
        if target is not None and scale == TARGET_SCALE:
            is_met = ratio <= target if is_limit else ratio >= target
            ratios[engine] |= {"target": target, "is_met": is_met}
    return ratios


def lines(result: Mapping[str, Any]) -> list[str]:
    """The whole measurement for a terminal."""
    machine = result["machine"]
    said = [
        f"scale {result['scale']}: "
        + ", ".join(f"{rows:,} {table}" for table, rows in result["rows"].items()),
        f"{result['measured_at'][:10]}, {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {result['threads']} threads; "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items()),
    ]
    for task, values in result["tasks"].items():
        said += ["", *_task_lines(task, values)]
    return said


def _task_lines(task: str, values: Mapping[str, Any]) -> list[str]:
    said = [
        f"{task}: " + ", ".join(f"{count:,} {name}" for name, count in values["results"].items())
    ]
    rows = [("", "median s", "min", "max", "CPU s", "peak MB", "ratio", "target")]
    for engine, costs in values["engines"].items():
        ratio = values["ratios"].get(engine, {})
        if "seconds" not in costs:
            rows.append((engine, costs["failure"], "", "", "", "", "", ""))
            continue
        rows.append(
            (
                engine,
                f"{costs['median_seconds']:.2f}",
                f"{min(costs['seconds']):.2f}",
                f"{max(costs['seconds']):.2f}",
                f"{costs['median_cpu_seconds']:.2f}",
                f"{costs['peak_mb']:,}",
                f"{ratio['ratio']:.2f}" if ratio else "",
                _target(engine, ratio),
            )
        )
    said += table(rows)
    for engine, costs in values["engines"].items():
        if "stages" in costs:
            stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in costs["stages"].items())
            compiled = costs.get("compile_seconds")
            said.append(
                f"  {engine}: {stages}"
                + (f"; compiled in {compiled:.1f}, not counted" if compiled else "")
            )
    return said


def _target(engine: str, ratio: Mapping[str, Any]) -> str:
    if "target" not in ratio:
        return ""
    bound = "at most" if engine == "numba" else "at least"
    return f"{bound} {ratio['target']:g}: {'met' if ratio['is_met'] else 'MISSED'}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with aligned columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
    }


def _cpu() -> str:
    """The processor's model, else its architecture."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
