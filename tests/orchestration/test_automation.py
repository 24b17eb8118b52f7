"""When things run by themselves: the schedule's partition, and what the sensor waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from dagster import DagsterInstance, DagsterRunStatus

from orchestration.defs.automation import FETCH_JOB, automations, decide, fetch_config
from orchestration.defs.landed import DAILY, DAYS, PARTITIONED
from orchestration.sources import SOURCES

TODAY = date(2026, 3, 12)
AFTERNOON = datetime(2026, 3, 12, 14, tzinfo=UTC)
EVENING = datetime(2026, 3, 12, 18, tzinfo=UTC)


@dg.job(name=FETCH_JOB)
def fetching() -> None:
    """Stands for the job that fetches."""


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as opened:
        yield opened


def land(instance: DagsterInstance, source: str, day: date = TODAY) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            ["landed", source], partition=str(day) if source in PARTITIONED else None
        )
    )


def land_everything(instance: DagsterInstance, day: date = TODAY) -> None:
    for source in DAILY:
        land(instance, source, day)


def build(instance: DagsterInstance, published: bool = True) -> None:
    for source in SOURCES:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(["raw", next(iter(source.tables))])
        )
    if published:
        instance.report_runless_asset_event(dg.AssetMaterialization(["exports", "current"]))


def test_nothing_is_built_before_anything_has_landed(instance: DagsterInstance) -> None:
    assert decide(instance, TODAY, AFTERNOON).run_key is None


def test_a_build_waits_for_the_sources_of_the_day(instance: DagsterInstance) -> None:
    for source in DAILY:
        if source != "modelscope":
            land(instance, source)
    decision = decide(instance, TODAY, AFTERNOON)
    assert decision.run_key is None
    assert decision.reason == "waiting for modelscope of 2026-03-12, at most until 18:00 UTC"
    land(instance, "modelscope")
    assert decide(instance, TODAY, AFTERNOON).run_key


def test_in_the_evening_what_has_landed_is_built(instance: DagsterInstance) -> None:
    land(instance, "hub_api")
    decision = decide(instance, TODAY, EVENING)
    assert decision.run_key
    assert "landed: hub_api, without hub_discovery, openrouter, modelscope of" in decision.reason


def test_what_landed_in_part_is_built_in_the_evening_and_once(instance: DagsterInstance) -> None:
    for source in DAILY:
        if source != "hub_api":
            land(instance, source)
    part = dg.AssetObservation(["landed", "hub_api"])
    instance.report_runless_asset_event(part)
    assert decide(instance, TODAY, AFTERNOON).run_key is None
    decision = decide(instance, TODAY, EVENING)
    assert decision.run_key
    assert decision.reason.startswith("landed: hub_api in part, ")
    assert "without" not in decision.reason
    build(instance)
    assert decide(instance, TODAY, EVENING).run_key is None
    # Repaired in part again, after that build.
    instance.report_runless_asset_event(part)
    assert decide(instance, TODAY, EVENING).reason == "landed: hub_api in part"


def test_a_build_waits_for_a_fetch_that_is_going_on(instance: DagsterInstance) -> None:
    land_everything(instance)
    run = instance.create_run_for_job(fetching, status=DagsterRunStatus.STARTED)
    decision = decide(instance, TODAY, AFTERNOON)
    assert decision.run_key is None
    assert decision.reason == f"waiting for run {run.run_id[:8]}, which is fetching"
    instance.report_run_failed(run)
    assert decide(instance, TODAY, AFTERNOON).run_key


def test_what_is_published_is_not_built_again(instance: DagsterInstance) -> None:
    land_everything(instance)
    build(instance)
    assert decide(instance, TODAY, EVENING).run_key is None


def test_a_repaired_day_is_built(instance: DagsterInstance) -> None:
    land_everything(instance)
    build(instance)
    land(instance, "hub_stats", date(2026, 3, 1))
    decision = decide(instance, TODAY, AFTERNOON)
    assert decision.run_key
    assert decision.reason == "landed: hub_stats"


def test_a_failed_build_is_asked_for_once_until_something_else_lands(
    instance: DagsterInstance,
) -> None:
    land_everything(instance)
    first = decide(instance, TODAY, EVENING).run_key
    build(instance, published=False)
    # The same key: Dagster does not start it again.
    assert decide(instance, TODAY, EVENING).run_key == first
    land(instance, "hub_api", date(2026, 3, 11))
    assert decide(instance, TODAY, EVENING).run_key not in (None, first)


def test_the_day_of_the_tick_is_fetched() -> None:
    schedules, _ = automations()
    schedule = next(entry for entry in schedules if entry.name == "every_day")
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 3, 12, 13, 30, tzinfo=UTC)
    )
    request = schedule(context)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-03-12"
    assert request.run_config == fetch_config()
    assert request.run_config["ops"]["landed__hub_api"]["config"]["retries"] == 3


def test_the_partition_of_a_day_is_there_while_the_day_runs() -> None:
    assert DAYS.get_partition_keys(current_time=AFTERNOON)[-1] == "2026-03-12"


def test_nothing_runs_by_itself_unless_it_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def running() -> set[str]:
        schedules, sensors = automations()
        statuses = {entry.name: entry.default_status.value for entry in schedules}
        statuses |= {entry.name: entry.default_status.value for entry in sensors}
        return {name for name, status in statuses.items() if status == "RUNNING"}

    monkeypatch.delenv("HUBTIDE_SCHEDULES", raising=False)
    assert running() == set()
    monkeypatch.setenv("HUBTIDE_SCHEDULES", "on")
    assert running() == {"every_day", "every_hour", "on_arrival"}
