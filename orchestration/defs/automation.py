"""When things run by themselves: the day's fetch, the build once it has arrived, and the watch.

Nothing starts by itself before HUBTIDE_SCHEDULES=on (or a switch in the interface): a home that
somebody only looks at must not begin to ask public services.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import dagster as dg
from dagster import DagsterInstance

from extract.fetching import open_day
from extract.live import LIVE
from orchestration.defs.deadlines import schedules_run
from orchestration.defs.landed import DAILY, PARTITIONED
from orchestration.runs import IN_PROGRESS, release_abandoned_runs
from orchestration.sources import SOURCES

# The Hub's counters move between 07:00 and 12:00 UTC; half an hour more is for late ones.
FETCH_AT = "30 13 * * *"
# From this hour (UTC) on, what a source did not bring today is not waited for.
PATIENCE_UNTIL = time(18)
WATCH_AT = "10 * * * *"

# So often, and after so long at first, is asked again for what failed for a passing reason: about
# half an hour in all.
RETRIES = {"retries": 3, "retry_seconds": 300}

FETCH_JOB, BUILD_JOB, WATCH_JOB = "fetch", "build", "watch"
FETCHING_JOBS = {FETCH_JOB, "live", "backfill"}


def fetch_config() -> Mapping[str, object]:
    """Run configuration of the day's fetch: what fails for a passing reason is asked for again."""
    return {"ops": {f"landed__{name}": {"config": dict(RETRIES)} for name in DAILY}}


def automations() -> tuple[list[dg.ScheduleDefinition], list[dg.SensorDefinition]]:
    """The schedules and the sensor, running from the start where HUBTIDE_SCHEDULES is `on`."""
    is_on = schedules_run()

    @dg.schedule(
        name="every_day",
        cron_schedule=FETCH_AT,
        job_name=FETCH_JOB,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING
        if is_on
        else dg.DefaultScheduleStatus.STOPPED,
        description="13:30 UTC: fetch the day's partition of every source that is read daily.",
    )
    def every_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.astimezone(UTC).date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day, run_config=fetch_config())

    watch = dg.ScheduleDefinition(
        name="every_hour",
        cron_schedule=WATCH_AT,
        job_name=WATCH_JOB,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING
        if is_on
        else dg.DefaultScheduleStatus.STOPPED,
        description="Every hour: are the sources as fresh as dbt's source freshness wants them?",
    )

    @dg.sensor(
        name="on_arrival",
        job_name=BUILD_JOB,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
        description="Build and publish once everything that is read daily has arrived for the "
        f"open day, or at {PATIENCE_UNTIL:%H:%M} UTC whatever has; and whenever an earlier day is "
        "repaired.",
    )
    def on_arrival(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        release_abandoned_runs(context.instance)
        now = datetime.now(UTC)
        decision = decide(context.instance, open_day(), now)
        if decision.run_key is None:
            yield dg.SkipReason(decision.reason)
            return
        yield dg.RunRequest(run_key=decision.run_key, tags={"hubtide/because": decision.reason})

    return [every_day, watch], [on_arrival]


@dataclass(frozen=True)
class Decision:
    """Whether to build now, and why. `run_key` None: not now."""

    reason: str
    run_key: str | None = None


def decide(instance: DagsterInstance, today: date, now: datetime) -> Decision:
    """Whether to build now what has landed and is not yet loaded, or loaded and not yet published.

    `today` is the open day, `now` the time in UTC. The run key is the newest landing: what failed
    to build is not built again by itself until something else lands.
    """
    whole = {name: _newest(instance, ["landed", name]) for name in LIVE}
    in_part = {name: _newest_part(instance, name) for name in LIVE}
    landed = {name: max(whole[name], in_part[name]) for name in LIVE}
    loaded = {
        source.name: _newest(instance, ["raw", next(iter(source.tables))]) for source in SOURCES
    }
    published = _newest(instance, ["exports", "current"])
    waiting = [
        name
        for name in LIVE
        if landed[name] > loaded[name] or (landed[name] and loaded[name] > published)
    ]
    if not waiting:
        return Decision("everything that has landed is published")
    fetching = [
        run.run_id[:8]
        for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))
        if run.job_name in FETCHING_JOBS
        or any(key.path[0] == "landed" for key in run.asset_selection or ())
    ]
    if fetching:
        return Decision(f"waiting for run {', '.join(fetching)}, which is fetching")
    missing = _without_today(instance, today)
    arrived = [f"{name} in part" if in_part[name] > whole[name] else name for name in waiting]
    is_late = now >= datetime.combine(today, PATIENCE_UNTIL, UTC)
    if missing and not is_late:
        return Decision(
            f"waiting for {', '.join(missing)} of {today}, at most until {PATIENCE_UNTIL:%H:%M} UTC"
        )
    not_at_all = [name for name in missing if f"{name} in part" not in arrived]
    without = f", without {', '.join(not_at_all)} of {today}" if not_at_all else ""
    return Decision(f"landed: {', '.join(arrived)}{without}", str(max(landed.values())))


def _newest(instance: DagsterInstance, key: Sequence[str]) -> int:
    """The number of an asset's newest materialization event; 0 where there is none."""
    records = instance.fetch_materializations(dg.AssetKey(key), limit=1).records
    return records[0].storage_id if records else 0


def _newest_part(instance: DagsterInstance, source: str) -> int:
    """The number of the newest event that says that a source landed in part."""
    records = instance.fetch_observations(dg.AssetKey(["landed", source]), limit=1).records
    return records[0].storage_id if records else 0


def _without_today(instance: DagsterInstance, today: date) -> list[str]:
    """Sources that are read daily and have not brought the open day."""
    return [
        name
        for name in DAILY
        if name in PARTITIONED
        and str(today) not in instance.get_materialized_partitions(dg.AssetKey(["landed", name]))
    ]
