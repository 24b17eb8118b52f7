"""Killed at any step, or started twice: the next run ends with the same rows."""

from __future__ import annotations

import functools
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from extract import warehouse
from extract.home import Home
from extract.http import Client
from tests.extract import live
from tests.fake.server import FakeServices

ORGANIZATIONS = ("Qwen", "openai")
BASES = ("Qwen/m1",)


class Steps:
    """Counts what a run does to the disk, the network and the warehouse; dies at the n-th step."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.done = 0

    def step(self) -> None:
        self.done += 1
        if self.done == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **values: Any) -> Any:
            self.step()
            return function(*args, **values)

        return wrapped

    def install(self) -> None:
        """Wrap the functions; in a process of its own only."""
        connect = warehouse.connect
        for owner, name in (
            (os, "fsync"),
            (Path, "replace"),
            (Path, "unlink"),
            (Client, "_send"),
        ):
            setattr(owner, name, self.counted(getattr(owner, name)))
        setattr(  # noqa: B010
            warehouse, "connect", lambda *args, **values: Connection(self, connect(*args, **values))
        )


class Connection:
    """A connection to the warehouse that counts where its transactions begin and end."""

    def __init__(self, steps: Steps, con: Any) -> None:
        self._steps = steps
        self._con = con

    def execute(self, sql: str, *values: Any) -> Any:
        if sql in ("begin transaction", "commit"):
            self._steps.step()
        return self._con.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def whole_run(home: Home) -> None:
    """A day: fetch and load both sources."""
    live.fetch(home, *ORGANIZATIONS)
    live.discover(home, BASES)
    live.load(home)
    live.load(home, "hub_discovery")


def killed_run(root: str, environment: dict[str, str], last: int, counted: str) -> None:
    """A run that dies at a step; where it does not, it says how many there are."""
    os.environ.update(environment)
    constants.HF_HUB_DISABLE_TELEMETRY = True
    steps = Steps(last)
    steps.install()
    whole_run(Home(Path(root)))
    Path(counted).write_text(str(steps.done))


def run_that_waits(root: str, environment: dict[str, str], told: str) -> None:
    os.environ.update(environment)
    constants.HF_HUB_DISABLE_TELEMETRY = True
    results = live.fetch(Home(Path(root)), "Qwen")
    Path(told).write_text("\n".join(f"{result.status} {result.note}" for result in results))


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that have imported everything before they start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "huggingface_hub.utils._http", "httpx2", "duckdb"])
    return context


@pytest.fixture
def environment(fake: FakeServices) -> dict[str, str]:
    first = live.record(1)
    fake.hub.models = [first, live.record(2), live.record(3), live.record(4, "openai")]
    fake.hub.models.append(live.child(5, first))
    fake.hub.max_page_size = 2
    return fake.environment()


def test_killed_at_any_step(
    environment: dict[str, str], processes: ForkServerContext, tmp_path: Path
) -> None:
    def run(name: str, last: int) -> tuple[Home, int | None]:
        root = tmp_path / name
        process = processes.Process(
            target=killed_run, args=(str(root), environment, last, str(tmp_path / f"{name}.steps"))
        )
        process.start()
        process.join()
        return Home(root), process.exitcode

    undisturbed, code = run("undisturbed", 0)
    assert code == 0
    steps = int((tmp_path / "undisturbed.steps").read_text())
    assert steps > 40
    rows, landed = live.dump(undisturbed), live.manifests(undisturbed)
    assert len(landed) == 3
    assert len(rows["hub_api_readings"]) == 4

    def killed(last: int) -> None:
        home, code = run(f"killed-{last}", last)
        # 255: the fork server was told of the death before it could say of what.
        assert code in (-signal.SIGKILL, 255), last
        assert not (tmp_path / f"killed-{last}.steps").exists(), last
        again, code = run(f"killed-{last}", 0)
        assert code == 0, last
        assert live.manifests(again) == landed, last
        assert live.dump(again) == rows, last
        assert live.half_written(again) == [], last
        shutil.rmtree(home.root)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(killed, range(1, steps + 1))) == [None] * steps


def test_two_runs_at_once(
    fake: FakeServices,
    environment: dict[str, str],
    processes: ForkServerContext,
    home: Home,
    tmp_path: Path,
) -> None:
    fake.faults.hang(0.25, match="author=Qwen")
    told = [tmp_path / "first", tmp_path / "second"]
    running = [
        processes.Process(target=run_that_waits, args=(str(home.root), environment, str(path)))
        for path in told
    ]
    for process in running:
        process.start()
    for process in running:
        process.join()
    lines = sorted(path.read_text() for path in told)
    assert lines == [
        "failed hub_api: another run is landing its files; wait for it to end, then run this again",
        "landed ",
    ]
    live.read_aloud(lines[0])
    assert len(live.manifests(home)) == 1
    assert live.half_written(home) == []
    assert [result.rows_stored for result in live.load(home)] == [3]
    assert [result.status for result in live.fetch(home, "Qwen")] == ["already landed"]
