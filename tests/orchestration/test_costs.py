"""What a run's steps cost: measured, kept until the build is published, and taken once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.costs import measured, take


@pytest.fixture(autouse=True)
def _dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))


def test_steps_are_kept_in_order_and_taken_once(tmp_path: Path) -> None:
    with measured("run", "load files") as cost:
        cost.rows_in, cost.rows_out = 10, 7
    with measured("run", "dbt"):
        pass
    with measured("other", "dbt"):
        pass
    first, second = take("run")
    assert (first["step"], first["rows_in"], first["rows_out"]) == ("load files", 10, 7)
    assert (second["step"], second["rows_in"], second["rows_out"]) == ("dbt", None, None)
    assert take("run") == []
    # Another run's costs are its own.
    assert [step["step"] for step in take("other")] == ["dbt"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_run_without_measured_steps_has_no_costs() -> None:
    assert take("nobody") == []


def test_time_processor_and_memory_are_measured_with_those_of_child_processes() -> None:
    """A child that computes counts for the processor, waiting for the clock alone."""
    with measured("run", "waits") as waiting:
        time.sleep(0.2)
    with measured("run", "computes") as computing:
        computation = "import time\nwhile time.process_time() < 0.5: pass"
        subprocess.run([sys.executable, "-c", computation], check=True)
    assert waiting.seconds >= 0.2
    assert computing.cpu_seconds >= 0.5
    assert computing.peak_mb > 5
    assert computing.metadata() == {
        "seconds": round(computing.seconds, 2),
        "cpu seconds": round(computing.cpu_seconds, 2),
        "peak MB": round(computing.peak_mb),
    }


def test_a_step_that_fails_has_cost_something_too() -> None:
    with pytest.raises(RuntimeError), measured("run", "load files") as cost:
        cost.rows_in = 3
        raise RuntimeError
    assert [(step["step"], step["rows_in"]) for step in take("run")] == [("load files", 3)]
