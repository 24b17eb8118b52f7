"""Runs engines in turn, each in a process of its own, and compares their results."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers import results
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.tasks import TASKS
from orchestration.environment import PROJECT_ROOT

TIMEOUT = 600  # seconds for one run, comparison apart


@dataclass
class Measured:
    """An engine's runs. `peak_mb` is the most of any, in 10^6 bytes; `stages` are the medians, in
    seconds. `failure` says why there are no further runs, '' where there is none."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    compile_seconds: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)
    stages_of_runs: list[dict[str, float]] = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> float | None:
        """Seconds; None without a run that ended."""
        return statistics.median(self.seconds) if self.seconds else None

    def add(self, run: Mapping[str, Any]) -> None:
        """Add what a worker printed."""
        self.seconds.append(run["seconds"])
        self.cpu_seconds.append(run["cpu_seconds"])
        self.compile_seconds.append(run["compile_seconds"])
        self.peaks_mb.append(run["peak_mb"])
        self.stages_of_runs.append(run["stages"])

    def summary(self) -> dict[str, Any]:
        """What is saved."""
        if not self.seconds:
            return {"failure": self.failure}
        summary = {
            "seconds": [round(value, 3) for value in self.seconds],
            "median_seconds": round(statistics.median(self.seconds), 3),
            "median_cpu_seconds": round(statistics.median(self.cpu_seconds), 3),
            "peak_mb": round(max(self.peaks_mb)),
            "stages": {
                name: round(statistics.median(run[name] for run in self.stages_of_runs), 3)
                for name in self.stages_of_runs[0]
            },
        }
        if any(self.compile_seconds):
            summary["compile_seconds"] = round(statistics.median(self.compile_seconds), 3)
        return summary | ({"failure": self.failure} if self.failure else {})


def measure(
    task: str,
    engines: Sequence[str],
    inputs: Inputs,
    repetitions: int,
    *,
    threads: int = 2,
    timeout: float = TIMEOUT,
    say: Callable[[str], None] = print,
) -> tuple[dict[str, Measured], dict[str, int]]:
    """Run engines in turn (A B C A B C); what each took, and the rows of the results.

    The first result is what all others are compared with. An engine that fails or takes longer than
    the time-out is not run again.

    Raises:
        results.MismatchError: two results differ.
    """
    measured = {engine: Measured() for engine in engines}
    scratch = inputs.folder / "results"
    shutil.rmtree(scratch, ignore_errors=True)
    columns = TASKS[task].columns
    reference: Path | None = None
    try:
        for repetition in range(repetitions):
            for engine in engines:
                runs = measured[engine]
                if runs.failure:
                    continue
                folder = scratch / f"{engine}-{repetition + 1}"
                try:
                    runs.add(_run(task, engine, inputs, folder, threads, timeout))
                except subprocess.TimeoutExpired:
                    runs.failure = f"> {timeout:g} s"
                except subprocess.CalledProcessError as error:
                    lines = str(error.stderr).strip().splitlines() or ["no output"]
                    # A process that is killed for want of memory says nothing.
                    runs.failure = f"ended with {error.returncode}: {lines[-1]}"
                if runs.failure:
                    say(f"{task}, {engine}: {runs.failure}")
                    continue
                say(f"{task}, {engine}, {repetition + 1}: {runs.seconds[-1]:.2f} s")
                if reference is None:
                    reference = folder
                else:
                    results.compare(reference, folder, columns)
                    shutil.rmtree(folder)
        counts = results.counts(reference, columns) if reference else {}
        if reference and task == "lineage":
            counts["greatest depth"] = results.greatest(reference, "closure", "depth")
        return measured, counts
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(
    task: str, engine: str, inputs: Inputs, folder: Path, threads: int, timeout: float
) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.peers.worker"),
            *(task, engine, str(inputs.folder), str(folder), str(threads)),
        ],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "POLARS_MAX_THREADS": str(threads),
            "NUMBA_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
        },
        capture_output=True,
        text=True,
        timeout=timeout,
        check=True,
    )
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values
