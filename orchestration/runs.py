"""Runs a job in this process against the home's Dagster instance."""

import contextlib
import io
import logging
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from extract.errors import without_folders

LOG = logging.getLogger("hubtide")

# A run carries its machine and process, so that a killed one can be told from a living one.
PROCESS_TAG = "hubtide/process"

# A run that has the pool's place, or will.
IN_PROGRESS = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

# Only what the project itself reports goes to the terminal (logger `hubtide`).
_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

# Step output is not captured into files here: it goes to the terminal, and capturing costs a
# process for each step.
_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}


class RunFailedError(Exception):
    """A run failed; the message is one line for the user."""


@dataclass(frozen=True)
class Ended:
    """A run that succeeded: what could not be read (the problems that the checks of the sources
    report), and the wall seconds of each step."""

    problems: list[str]
    seconds: dict[str, float]


@contextlib.contextmanager
def instance() -> Iterator[DagsterInstance]:
    """The persistent instance of DAGSTER_HOME, without capture of step output."""
    reference = InstanceRef.from_dir(os.environ["DAGSTER_HOME"], overrides=_NO_CAPTURE)
    with DagsterInstance.from_ref(reference) as opened:
        yield opened


def execute(
    job: dg.JobDefinition,
    config: Mapping[str, Any],
    opened: DagsterInstance,
    stdout: io.TextIOBase | None = None,
    without: Sequence[Sequence[str]] = (),
    days: tuple[date, date] | None = None,
) -> Ended:
    """Run a job, less the assets `without`, in this process; what steps print goes to `stdout`.

    `days` are the first and the last day of the run's partitions, where the job has any.

    Raises:
        RunFailedError: with the first failing step's line.
    """
    left_out = {dg.AssetKey(list(key)) for key in without}
    selection = [key for key in job.asset_layer.selected_asset_keys if key not in left_out]
    release_abandoned_runs(opened)
    # dagster-dbt changes the working directory in threads, and does not always change back.
    with (
        contextlib.chdir(Path.cwd()),
        contextlib.redirect_stdout(stdout) if stdout else contextlib.nullcontext(),
    ):
        result = job.execute_in_process(
            run_config={**_QUIET, **config},
            instance=opened,
            asset_selection=selection if left_out else None,
            tags=partition_tags(days),
            raise_on_error=False,
        )
    if not result.success:
        raise RunFailedError(failure_line(result.all_events))
    return Ended(
        problems(result.get_asset_check_evaluations()),
        {
            str(event.step_key): event.step_success_data.duration_ms / 1000
            for event in result.all_events
            if event.is_step_success
        },
    )


def problems(evaluations: Sequence[dg.AssetCheckEvaluation]) -> list[str]:
    """The lines under `problems` of failed checks that block nothing."""
    return [
        line
        for evaluation in evaluations
        if not evaluation.passed and "problems" in evaluation.metadata
        for line in str(evaluation.metadata["problems"].value).splitlines()
    ]


def release_abandoned_runs(opened: DagsterInstance) -> list[str]:
    """Close runs whose process was killed: their place in the pool would never be freed."""
    released = []
    started = RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])
    for run in opened.get_runs(started):
        if _is_abandoned(run):
            opened.report_run_failed(run, "the process of this run is gone")
            opened.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            released.append(run.run_id)
    return released


def is_in_progress(opened: DagsterInstance) -> bool:
    """Whether any run is under way or waits; one whose process is gone is closed first."""
    release_abandoned_runs(opened)
    return bool(opened.get_runs(RunsFilter(statuses=IN_PROGRESS), limit=1))


def mark_run(context: dg.AssetExecutionContext) -> None:
    """Let a run carry its process; each step that may take long does so."""
    mark = process_mark(context.run.run_id, os.getpid())
    if context.run.tags.get(PROCESS_TAG) != mark:
        context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: mark})


def process_mark(run_id: str, pid: int) -> str:
    """`host:pid:run`. A number alone means nothing in another container, and a run that is executed
    again inherits the tags of the one before."""
    return f"{socket.gethostname()}:{pid}:{run_id}"


def partition_tags(days: tuple[date, date] | None) -> dict[str, str]:
    """The tags by which a run covers a range of daily partitions, both ends included."""
    if days is None:
        return {}
    if days[0] == days[1]:
        return {PARTITION_NAME_TAG: str(days[0])}
    return {
        ASSET_PARTITION_RANGE_START_TAG: str(days[0]),
        ASSET_PARTITION_RANGE_END_TAG: str(days[1]),
    }


def _is_abandoned(run: DagsterRun) -> bool:
    pid = f"{run.tags.get(PROCESS_TAG, '')}::".split(":")[1]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    if run.tags[PROCESS_TAG] != process_mark(run.run_id, int(pid)):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def failure_line(events: Sequence[DagsterEvent]) -> str:
    """One line on the first step that failed."""
    for event in events:
        if not event.is_step_failure:
            continue
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return one_line(data.user_failure_data.description)
        error = data.error
        while error is not None and error.cause is not None:
            error = error.cause
        message = one_line(error.message) if error else "unknown error"
        # A line of the project's own is whole without the name of its class.
        message = re.sub(r"^extract\.errors\.\w+: ", "", message)
        return f"{event.step_key}: {message}"
    return "the run failed outside its steps; see the run in `make dev`"


def one_line(text: str) -> str:
    """Text without line breaks, runs of blanks and the folders of this machine."""
    return without_folders(" ".join(text.split()))


def relative(path: Path, start: Path | None = None) -> str:
    """A path as a user would type it from where they are."""
    return os.path.relpath(path, start or Path.cwd())
