"""The command; `python -m benchmarks.peers --help`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.one_more_day import RESULTS
from benchmarks.peers import report
from benchmarks.peers.exponents import exponent_lines
from benchmarks.peers.inputs import prepare
from benchmarks.peers.results import MismatchError
from benchmarks.peers.running import TIMEOUT, measure
from benchmarks.peers.runs import PACKAGES, missing
from benchmarks.peers.tasks import TASKS
from benchmarks.whole_hub import POPULATIONS
from orchestration.environment import PROJECT_ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all results are equal and nothing is missing, else 1."""
    options = _options(arguments)
    if options.exponents:
        smaller, larger = (
            json.loads(file.read_text(encoding="utf-8")) for file in options.exponents
        )
        print("\n".join(exponent_lines(smaller, larger)))
        return 0
    absent = sorted({name for engine in options.engines for name in missing(engine)})
    if absent:
        _say(f"not installed: {', '.join(absent)}; install with: {_installation()}")
        return 1
    data = (
        options.data.resolve() if options.data else Path(tempfile.mkdtemp(prefix="hubtide-peers-"))
    )
    try:
        return _measure(options, data)
    finally:
        if options.data is None:
            shutil.rmtree(data, ignore_errors=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="The same computations in several engines."
    )
    parser.add_argument("--scale", choices=list(POPULATIONS), default="middle")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--engines", nargs="+", choices=list(PACKAGES), default=list(PACKAGES))
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help="of one run"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the input files in DIR and use them again"
    )
    parser.add_argument("--save", metavar="NAME", help="write benchmarks/results/NAME.json")
    parser.add_argument(
        "--exponents",
        nargs=2,
        type=Path,
        metavar=("SMALLER", "LARGER"),
        help="instead: how each step's cost grows between two results of benchmarks.at_scale",
    )
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace, data: Path) -> int:
    inputs = prepare(POPULATIONS[options.scale], data)
    _say(", ".join(f"{rows:,} {table}" for table, rows in inputs.counts.items()))
    result = report.head(options.scale, inputs, options.repetitions, options.threads)
    for task in options.tasks:
        engines = [name for name in options.engines if name in TASKS[task].engines]
        try:
            measured, counts = measure(
                task,
                engines,
                inputs,
                options.repetitions,
                threads=options.threads,
                timeout=options.timeout,
                say=_say,
            )
        except MismatchError as mismatch:
            _say(f"{task}: {mismatch}")
            return 1
        result["tasks"][task] = report.task_summary(options.scale, task, measured, counts)
    print("\n".join(report.lines(result)))
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"{options.save}.json"
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def _installation() -> str:
    """The command that installs the extra `benchmarks`, without the project itself."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return " ".join(
        [".venv/bin/python -m pip install", *project["optional-dependencies"]["benchmarks"]]
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
