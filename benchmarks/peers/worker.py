"""One measured run of an engine, in a process of its own.

    python -m benchmarks.peers.worker TASK ENGINE INPUTS OUTPUT THREADS

From Parquet files to the result in the engine's own tables in memory is what is timed. Packages are
imported before, what numba compiles is taken off, and the result is written as Parquet to OUTPUT
after. Prints one line of JSON: seconds, cpu_seconds (of all threads), compile_seconds,
peak_mb, stages.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.peers import results
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.runs import PACKAGES, Run
from benchmarks.peers.tasks import TASKS


def main() -> int:
    task, engine, inputs, output, threads = sys.argv[1:]
    modules = {name: importlib.import_module(name) for name in PACKAGES[engine]}
    # These are imported on first use, which is no part of the work.
    if "pyarrow" in modules:
        importlib.import_module("pyarrow.dataset")
        importlib.import_module("pyarrow.parquet")
        modules["pyarrow"].set_cpu_count(int(threads))
    if engine == "numba":
        importlib.import_module("benchmarks.peers.passes")
    run = Run(Inputs.of(Path(inputs)), int(threads))
    started, cpu = time.perf_counter(), time.process_time()
    tables = TASKS[task].engines[engine](run)
    seconds = time.perf_counter() - started - run.compile_seconds
    cpu_seconds = time.process_time() - cpu - run.compile_cpu_seconds
    peak_mb = _peak_mb()
    results.write(engine, tables, Path(output))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "compile_seconds": run.compile_seconds,
                "peak_mb": peak_mb,
                "stages": run.stages,
            }
        )
    )
    return 0


def _peak_mb() -> float:
    """The most memory that this process held at a time, in 10^6 bytes.

    `ru_maxrss` may be that of the process that started this one, so Linux' own count comes first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
