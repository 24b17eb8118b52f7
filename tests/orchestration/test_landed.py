"""The assets that fetch: a day is a partition, and what fails says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance

from extract.home import Home
from orchestration.defs.landed import CHECK, landed_asset
from orchestration.environment import prepare
from orchestration.runs import failure_line
from orchestration.sources import SOURCES
from tests.fake.server import FakeServices
from tests.live_hub import FIRST_DAY, services_on

DAY = FIRST_DAY + timedelta(days=1)


@pytest.fixture
def home(at_home: Callable[[], Home]) -> Home:
    return prepare()


@pytest.fixture
def fake(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    with services_on(DAY) as services:
        for name, value in services.environment().items():
            monkeypatch.setenv(name, value)
        yield services


def run(source: str, day: date, **config: Any) -> dg.ExecuteInProcessResult:
    asset = landed_asset(next(entry for entry in SOURCES if entry.name == source))
    return dg.materialize(
        [asset],
        partition_key=str(day),
        run_config={"ops": {f"landed__{source}": {"config": config}}},
        instance=DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_the_open_day_is_fetched(home: Home, fake: FakeServices) -> None:
    result = run("hub_api", DAY)
    assert result.success
    assert (home.landing / "hub_api" / f"{DAY}.Qwen" / "manifest.json").exists()
    metadata: Any = result.asset_materializations_for_node("landed__hub_api")[0].metadata
    assert metadata["records"].value > 100
    assert metadata["failed"].value == 0
    assert metadata["seconds"].value > 0


def test_a_day_that_is_over_and_landed_is_served_without_asking(
    home: Home, fake: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("modelscope", DAY)
    asked = len(fake.log)
    monkeypatch.setenv("HUBTIDE_TODAY", str(DAY + timedelta(days=3)))
    assert run("modelscope", DAY).success
    assert len(fake.log) == asked


def test_a_day_that_nobody_read_cannot_be_had_any_more(home: Home, fake: FakeServices) -> None:
    result = run("hub_api", FIRST_DAY)
    assert not result.success
    assert failure_line(result.all_events) == (
        "hub_api: 2026-03-10 cannot be fetched any more (it only knows now, 2026-03-11): the day "
        "stays missing, and coverage_daily says so"
    )
    assert fake.log == []


def test_what_did_not_land_on_a_day_that_is_over_is_a_failure(
    home: Home, fake: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.status(401, service="hub", match="author=mistralai", times=None)
    fake.faults.status(503, service="hub", match="author=google", times=None)
    assert not run("hub_api", DAY).success
    fake.faults.clear()
    asked = len(fake.log)
    monkeypatch.setenv("HUBTIDE_TODAY", str(DAY + timedelta(days=1)))
    result = run("hub_api", DAY)
    assert failure_line(result.all_events) == (
        "hub_api: 2 of 56 parts could not be read: hub_api: 2026-03-11.google cannot be fetched "
        "any more (it only knows now, 2026-03-12): it stays missing, and coverage_daily says so. "
        "What has landed is kept"
    )
    check = result.get_asset_check_evaluations()[0]
    assert not check.passed
    assert "2026-03-11.mistralai" in str(check.metadata["problems"].value)
    assert not result.asset_materializations_for_node("landed__hub_api")
    assert len(fake.log) == asked


def test_a_day_that_has_not_begun_is_refused(home: Home, fake: FakeServices) -> None:
    result = run("openrouter", DAY + timedelta(days=1))
    assert "2026-03-12 has not begun" in failure_line(result.all_events)
    assert fake.log == []


def test_rankings_of_days_that_are_over_can_be_asked_for(home: Home, fake: FakeServices) -> None:
    assert run("openrouter", FIRST_DAY).success
    assert [path.name for path in (home.landing / "openrouter").iterdir() if path.is_dir()] == [
        "rankings-2026-03-10..2026-03-10@2026-03-11"
    ]


def test_what_cannot_be_read_fails_the_partition_and_keeps_the_rest(
    home: Home, fake: FakeServices
) -> None:
    fake.faults.status(401, service="hub", match="author=Qwen", times=None)
    result = run("hub_api", DAY)
    line = failure_line(result.all_events)
    assert line.startswith("hub_api: 1 of 56 parts could not be read: ")
    assert line.endswith("materialize the partition again to go on")
    assert not result.get_asset_check_evaluations()[0].passed
    # What landed all the same is told to the sensor.
    assert [event.event_type_value for event in result.all_events].count("ASSET_OBSERVATION") == 1
    assert (home.landing / "hub_api" / f"{DAY}.openai" / "manifest.json").exists()


def test_a_command_goes_on_without_what_cannot_be_read(home: Home, fake: FakeServices) -> None:
    fake.faults.status(401, service="hub", match="author=Qwen", times=None)
    result = run("hub_api", DAY, go_on=True)
    assert result.success
    check = result.get_asset_check_evaluations()[0]
    assert (check.check_name, check.passed) == (CHECK, False)


def test_what_fails_for_a_passing_reason_is_tried_again(
    home: Home, fake: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.status(429, service="modelscope", headers={"Retry-After": "9999"}, times=1)
    result = run("modelscope", DAY, retries=2, retry_seconds=0)
    assert result.success
    retries = [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(retries) == 1


def test_what_is_refused_is_not_tried_again(home: Home, fake: FakeServices) -> None:
    fake.faults.status(401, service="modelscope", times=None)
    result = run("modelscope", DAY, retries=2, retry_seconds=0)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
