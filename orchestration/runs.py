"""Runs a job in this process against the home's Dagster instance."""

import contextlib
import io
import logging
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import (
    DagsterEvent,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunRecord,
    RunsFilter,
)
from dagster._core.errors import DagsterExecutionInterruptedError, raise_execution_interrupts
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    MAX_RUNTIME_SECONDS_TAG,
    PARTITION_NAME_TAG,
)
from dagster._core.utils import make_new_run_id

from extract.errors import without_folders
from orchestration.engine import models_pool

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

# How long a run may last, in seconds, whose job does not say (tag dagster/max_runtime).
LONGEST_RUN = 24 * 3600

# How often, in seconds, a run that waits for the pool's place asks for it, and whether who has it
# still lives.
ASK_EVERY = 2.0

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
        KeyboardInterrupt: SIGINT or SIGTERM ended the run.
    """
    left_out = {dg.AssetKey(list(key)) for key in without}
    selection = [key for key in job.asset_layer.selected_asset_keys if key not in left_out]
    release_abandoned_runs(opened)
    # dagster-dbt changes the working directory in threads, and does not always change back.
    with (
        contextlib.chdir(Path.cwd()),
        contextlib.redirect_stdout(stdout) if stdout else contextlib.nullcontext(),
    ):
        run_id = make_new_run_id()
        result = job.execute_in_process(
            run_config={**_QUIET, **config},
            instance=opened,
            asset_selection=selection if left_out else None,
            run_id=run_id,
            tags={**partition_tags(days), PROCESS_TAG: process_mark(run_id, os.getpid())},
            raise_on_error=False,
        )
    if any(map(_was_interrupted, result.all_events)):
        raise KeyboardInterrupt
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
    for record in opened.get_run_records(started):
        if _is_abandoned(record):
            run = record.dagster_run
            opened.report_run_failed(run, "the process of this run is gone")
            opened.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            released.append(run.run_id)
    return released


def is_in_progress(opened: DagsterInstance) -> bool:
    """Whether any run is under way or waits; one whose process is gone is closed first."""
    release_abandoned_runs(opened)
    return bool(opened.get_runs(RunsFilter(statuses=IN_PROGRESS), limit=1))


def mark_run(context: dg.AssetExecutionContext) -> None:
    """Let a run that Dagster's daemon started carry its process, as those of commands do."""
    _mark(context.instance, context.run)


def _mark(opened: DagsterInstance, run: DagsterRun) -> None:
    mark = process_mark(run.run_id, os.getpid())
    if run.tags.get(PROCESS_TAG) != mark:
        opened.add_run_tags(run.run_id, {PROCESS_TAG: mark})


def wait_for_place(execution: ActiveExecution) -> None:
    """What a run does while none of its steps can begin: another has the pool's place.

    Takes the place of Dagster's `sleep_til_ready`, which (1.13) asks again without a pause, is deaf
    to signals, and waits for ever for a run whose process was killed.

    Raises DagsterExecutionInterruptedError on SIGINT and SIGTERM.
    """
    pause: float = execution.sleep_interval()  # type: ignore[no-untyped-call]
    claims = execution._instance_concurrency_context
    if claims is not None and claims.has_pending_claims():
        opened, run_id = claims._instance, claims._run_id
        pause = ASK_EVERY
        if (run := opened.get_run_by_id(run_id)) is not None and run_id not in _WAITING:
            _WAITING.add(run_id)
            _mark(opened, run)
            holders = opened.event_log_storage.get_concurrency_info(models_pool()).active_run_ids
            who = ", ".join(sorted(holder[:8] for holder in holders)) or "another one"
            LOG.info("waiting for run %s: one at a time writes", who)
        release_abandoned_runs(opened)
    with raise_execution_interrupts():
        time.sleep(max(pause, 0))


_WAITING: set[str] = set()
ActiveExecution.sleep_til_ready = wait_for_place  # type: ignore[assignment, method-assign]


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


def _is_abandoned(record: RunRecord) -> bool:
    """Whether the process of a run is gone. Of one on another machine, or on this one under another
    name (a container made anew), that is known only when its job may last no longer."""
    run = record.dagster_run
    pid = f"{run.tags.get(PROCESS_TAG, '')}::".split(":")[1]
    if pid.isdigit() and run.tags[PROCESS_TAG] == process_mark(run.run_id, int(pid)):
        return not _lives(int(pid))
    began = record.start_time or record.create_timestamp.timestamp()
    return time.time() - began > float(run.tags.get(MAX_RUNTIME_SECONDS_TAG, LONGEST_RUN))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _was_interrupted(event: DagsterEvent) -> bool:
    error = event.job_failure_data.error if event.is_run_failure else None
    return error is not None and error.cls_name == DagsterExecutionInterruptedError.__name__


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
