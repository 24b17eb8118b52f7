"""Ten days in operation: Dagster's interface, daemon, job and sensor, against loopback services.

One day nobody reads; one fails in extraction; one fails in a blocking test; one is killed in the
middle of dbt. Each is repaired by what the interface offers. In the end the marts must equal, to
the row, those of a warehouse built at once from the same landed files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from extract.home import Home
from orchestration.publishing import current_build
from tests.conftest import PROJECT_ROOT, run_module
from tests.dbt_project.running import REMEMBERING, differences
from tests.drill.interface import Interface, Run, running, until
from tests.live_hub import FIRST_DAY, services_on

pytestmark = pytest.mark.drill

DAYS = [FIRST_DAY + timedelta(days=days) for days in range(10)]
MISSED, EXTRACTION_FAILS, TEST_FAILS, KILLED = DAYS[2], DAYS[4], DAYS[5], DAYS[7]


class Drill:
    """A project, a home, and the interface of one day after the other."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        # A copy of what is committed: one of the days somebody spoils a seed.
        subprocess.run(
            ["git", "clone", "--quiet", str(PROJECT_ROOT), str(self.project)], check=True
        )
        self.home = Home(root / "home")
        self.log = root / "dev.log"

    @contextlib.contextmanager
    def day(self, day: date, fail: bool = False) -> Iterator[Interface]:
        """The services and the processes as of a day; `fail`: the Hub refuses everybody."""
        with services_on(day) as fake:
            fault = fake.faults.status(401, service="hub", times=None) if fail else None
            with running(self.project, self.home.root, fake.environment(), self.log) as interface:
                self.mend = fault.remove if fault else lambda: None
                yield interface

    def fetched(self, interface: Interface, day: date) -> Run:
        """The day's fetch, as the schedule asks for it."""
        known = {run.run_id for run in interface.runs()}
        interface.fetch(str(day))
        return interface.wait_for(lambda run: run.job == "fetch", known)

    def published(self) -> str:
        folder = current_build(self.home.exports)
        return folder.name if folder else ""


def build_of(interface: Interface, known: set[str]) -> Run:
    """The build that the sensor starts by itself."""
    return interface.wait_for(lambda run: run.job == "build", known, seconds=600)


def kill_in_dbt(drill: Drill, interface: Interface, known: set[str]) -> str:
    """`kill -9` to the run and to dbt, while dbt builds; returns the run's id."""
    log = drill.home.root / ".dbt" / "dbt.log"
    already = log.stat().st_size
    started = until(
        lambda: next(
            (r for r in interface.runs() if r.run_id not in known and r.job == "build"), None
        ),
        300,
        "build",
    )
    until(lambda: b" OK created " in log.read_bytes()[already:], 300, "dbt build")
    for process in _processes(str(drill.home.root)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return str(started.run_id)


def wait_for_failure(interface: Interface, run_id: str) -> None:
    """Until Dagster has seen that the process of a run is gone."""
    until(
        lambda: any(run.run_id == run_id and run.status == "FAILURE" for run in interface.runs()),
        180,
        "failure of the killed run",
    )


def _processes(home: str) -> list[int]:
    """Processes of this home that run dbt, or a run's steps."""
    found = []
    listing = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines()[1:]:
        pid, _, command = line.strip().partition(" ")
        is_dbt = "dbt" in command.split("--")[0] and " build" in command
        is_run = "multiprocessing.spawn" in command or "execute_run" in command
        if (is_dbt or is_run) and home in _environment(pid):
            found.append(int(pid))
    return found


def _environment(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


def test_ten_days_with_four_accidents_end_in_the_same_rows(tmp_path: Path) -> None:
    drill = Drill(tmp_path)
    for day in DAYS:
        if day == MISSED:
            continue
        with drill.day(day, fail=day == EXTRACTION_FAILS) as interface:
            before, known = drill.published(), {run.run_id for run in interface.runs()}
            if day == TEST_FAILS:
                seed = drill.project / "dbt_project" / "seeds" / "organizations.csv"
                sound = seed.read_text(encoding="utf-8")
                seed.write_text(sound + sound.splitlines()[1] + "\n", encoding="utf-8")
            fetch = drill.fetched(interface, day)

            if day == EXTRACTION_FAILS:
                assert fetch.status == "FAILURE"
                drill.mend()
                interface.materialize(["landed", "hub_api"], [str(day)])
                interface.materialize(["landed", "hub_discovery"], [str(day)])
            if day == KILLED:
                killed = kill_in_dbt(drill, interface, known)
                wait_for_failure(interface, killed)
                assert drill.published() == before
                interface.retry_from_failure(killed)
                known.add(killed)

            build = build_of(interface, known)
            if day == TEST_FAILS:
                assert build.status == "FAILURE"
                assert drill.published() == before
                seed.write_text(sound, encoding="utf-8")
                interface.retry_from_failure(build.run_id)
                build = build_of(interface, known | {build.run_id})
            assert build.status == "SUCCESS", build
            assert drill.published() > before

    at_once = Home(tmp_path / "at_once")
    shutil.copytree(drill.home.landing, at_once.landing)
    with services_on(DAYS[-1]) as fake:
        for arguments in (["extract", "rebuild"], ["orchestration", "build"]):
            ran = run_module(at_once.root, *arguments, environment=fake.environment())
            assert ran.returncode == 0, ran.stderr[-3000:]
    assert differences(drill.home.warehouse, at_once.warehouse, *REMEMBERING) == {}
