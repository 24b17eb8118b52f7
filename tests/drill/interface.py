"""`make dev` as an operator has it: the processes, and what the web interface asks of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import environment_for

FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}

BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
REEXECUTE = """
mutation($run: String!) {
  launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: FROM_FAILURE}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { ... on PythonError { message } } } } } }
"""
RUNS = """
{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }
"""
REPOSITORY = {
    "repositoryLocationName": "orchestration.definitions",
    "repositoryName": "__repository__",
}


@dataclass(frozen=True)
class Run:
    """A run as the interface lists it."""

    run_id: str
    job: str
    status: str
    partition: str


class Interface:
    """The web server's GraphQL, which the pages of the interface use."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The data of an answer; raises AssertionError for an error in it."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(
            self.url, body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            answer = json.load(reply)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def fetch(self, day: str) -> None:
        """The page of the job `fetch`: launch the backfill of a day."""
        self._backfill(
            {
                "selector": {
                    "partitionSetName": "fetch_partition_set",
                    "repositorySelector": REPOSITORY,
                },
                "partitionNames": [day],
            }
        )

    def materialize(self, key: list[str], days: list[str]) -> None:
        """The page of an asset: materialize partitions."""
        self._backfill({"assetSelection": [{"path": key}], "partitionNames": days})

    def _backfill(self, params: Mapping[str, Any]) -> None:
        answer = self.ask(BACKFILL, {"params": params})["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer

    def retry_from_failure(self, run_id: str) -> str:
        """The page of a failed run: re-execute from failure. Returns the new run's id."""
        answer = self.ask(REEXECUTE, {"run": run_id})["launchRunReexecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        results = self.ask(RUNS)["runsOrError"]["results"]
        return [
            Run(
                entry["runId"],
                entry["jobName"],
                entry["status"],
                {tag["key"]: tag["value"] for tag in entry["tags"]}.get("dagster/partition", ""),
            )
            for entry in results
        ]

    def wait_for(self, wanted: Callable[[Run], bool], known: set[str], seconds: float = 300) -> Run:
        """The first run outside `known` that is as wanted and has ended."""
        found: Run = until(
            lambda: next(
                (
                    run
                    for run in self.runs()
                    if run.run_id not in known and wanted(run) and run.status in FINISHED
                ),
                None,
            ),
            seconds,
            "a run that ended",
        )
        return found


def until(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first truthy thing that `look` sees; raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"no {what} within {seconds:.0f} s")


@contextlib.contextmanager
def running(
    project: Path, home: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Interface]:
    """`python -m orchestration dev` with its schedules on, until the end of the block."""
    port = _free_port()
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration", "dev", "--port", str(port)],
            cwd=project,
            env=environment_for(home, {"HUBTIDE_SCHEDULES": "on", **environment}),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            interface = Interface(port)
            until(lambda: _is_up(interface), 240, "web interface")
            yield interface
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _is_up(interface: Interface) -> bool:
    try:
        entries = interface.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
    except OSError:
        return False
    errors = [entry["locationOrLoadError"].get("message") for entry in entries]
    assert not any(errors), errors
    return all(entry["loadStatus"] == "LOADED" for entry in entries)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
