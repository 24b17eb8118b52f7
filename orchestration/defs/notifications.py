"""Sensors that tell people of failed runs and of checks that do not hold."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, DagsterRun

from extract import landing
from extract.errors import HubtideError
from extract.home import Home
from extract.loading import SOURCES
from orchestration.notify import Notice, notify
from orchestration.publishing import current_build
from orchestration.runs import failure_line, one_line

# So many checks are named in one notice.
NAMED_CHECKS = 5


def failure_sensor() -> dg.SensorDefinition:
    """A notice for each failed run of this instance, those of the commands among them."""

    @dg.run_failure_sensor(
        name="tell_of_failed_runs",
        # The commands execute in their own process: such a run names no code location.
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people that a run failed (HUBTIDE_NOTIFY).",
    )
    def tell_of_failed_runs(context: dg.RunFailureSensorContext) -> None:
        reason = run_failure_line(
            context.instance, context.dagster_run, context.failure_event.message
        )
        tell(context, failure_notice(context.dagster_run, reason, Home.from_env()))

    return tell_of_failed_runs


def checks_sensor() -> dg.SensorDefinition:
    """A notice for each run that ended well although checks that block nothing do not hold."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="tell_of_failing_checks",
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people of failing checks in runs that succeeded (HUBTIDE_NOTIFY).",
    )
    def tell_of_failing_checks(context: dg.RunStatusSensorContext) -> None:
        failing = failing_checks(context.instance, context.dagster_run.run_id)
        if failing:
            tell(context, checks_notice(context.dagster_run, failing, Home.from_env()))

    return tell_of_failing_checks


def tell(context: dg.RunStatusSensorContext, notice: Notice) -> None:
    """Send a notice; what failed stands in the tick's log too."""
    for line in notify(notice):
        context.log.warning("notice not sent by %s", line)


def run_failure_line(instance: DagsterInstance, run: DagsterRun, message: str | None) -> str:
    """One line on why a run failed: its first failing step, else what Dagster says of the run."""
    entries = instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
    return failure_line(events) if events else one_line(message or "the run failed")


def failing_checks(instance: DagsterInstance, run_id: str) -> list[str]:
    """A line for each failing check of a run that says what is wrong, or has severity error.

    Warnings of data tests are left out: they are known states of the data, and come every day.
    """
    lines = []
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION):
        if entry.dagster_event is None:
            continue
        check = entry.dagster_event.asset_check_evaluation_data
        problems = check.metadata.get("problems") or check.metadata.get("found")
        if check.passed or not (problems or check.severity == dg.AssetCheckSeverity.ERROR):
            continue
        said = f": {one_line(str(problems.value))}" if problems else ""
        lines.append(f"{check.asset_key.to_user_string()} {check.check_name}{said}")
    return lines


def failure_notice(run: DagsterRun, reason: str, home: Home) -> Notice:
    """What people are told of a failed run."""
    return Notice(
        title=f"run of {run.job_name} failed",
        reason=reason,
        unsafe=f"whatever this run left in the warehouse. {_readers(home, 'keep')}",
        todo="correct the cause and run the same again: what has landed is kept "
        "(docs/operations.md)",
        run_id=run.run_id,
        is_synthetic=is_synthetic(run, home),
    )


def checks_notice(run: DagsterRun, failing: Sequence[str], home: Home) -> Notice:
    """What people are told of checks that do not hold in a run that ended well."""
    more = len(failing) - NAMED_CHECKS
    named = "; ".join(failing[:NAMED_CHECKS]) + (f"; and {more} more" if more > 0 else "")
    plural = "s do" if len(failing) > 1 else " does"
    return Notice(
        title=f"{len(failing)} check{plural} not hold after {run.job_name}",
        reason=named,
        unsafe="figures that rest on what these checks name; what could not be read is missing "
        f"(coverage_daily). {_readers(home, 'have')}",
        todo="read the checks in the run; where a source could not be read, run the same again",
        run_id=run.run_id,
        is_synthetic=is_synthetic(run, home),
    )


def _readers(home: Home, verb: str) -> str:
    """Which build readers see."""
    build = current_build(home.exports)
    if build is None:
        return "Nothing is published yet"
    return f"Readers {verb} the last published build, {build.name}"


def is_synthetic(run: DagsterRun, home: Home) -> bool:
    """Whether a home holds invented rows: by its published build, its landed files, or the job."""
    build = current_build(home.exports)
    if build is not None:
        kind = _data_kind(build)
        if kind:
            return kind == "synthetic"
    # A damaged manifest may be why the run failed: the notice goes out all the same.
    with contextlib.suppress(HubtideError, OSError, ValueError):
        for source in SOURCES:
            manifest = next(landing.landed_partitions(home, source), None)
            if manifest is not None:
                return manifest.is_synthetic
    return run.job_name == "sample"


def _data_kind(build: Path) -> str:
    """Empty where the manifest cannot be read: a notice goes out all the same."""
    try:
        return str(json.loads((build / "manifest.json").read_bytes())["data_kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
