"""By when a day must have landed and been published, as Dagster's daemon judges it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster import DagsterInstance
from dagster._core.definitions.freshness import CronFreshnessPolicy, FreshnessState
from dagster._core.definitions.freshness_evaluator import FRESHNESS_EVALUATORS_BY_POLICY_TYPE
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time

from orchestration.defs.automation import FETCH_AT, PATIENCE_UNTIL
from orchestration.defs.landed import landed_asset
from orchestration.defs.published import published_asset
from orchestration.sources import SOURCES

PUBLISHED = dg.AssetKey(["exports", "current"])
LANDED = dg.AssetKey(["landed", "openrouter"])


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def _landed() -> dg.AssetsDefinition:
    return landed_asset(next(entry for entry in SOURCES if entry.name == LANDED.path[-1]))


def state(
    asset: dg.AssetsDefinition, key: dg.AssetKey, made: datetime | None, now: datetime
) -> FreshnessState:
    """What the daemon finds at `now`, where the asset's `key` was last made at `made`."""
    node = dg.Definitions(assets=[asset]).resolve_asset_graph().get(key)
    policy = node.freshness_policy
    assert policy is not None
    evaluator = FRESHNESS_EVALUATORS_BY_POLICY_TYPE[type(policy)]()
    with DagsterInstance.ephemeral() as instance:
        if made is not None:
            with freeze_time(made):
                instance.report_runless_asset_event(dg.AssetMaterialization(key))
        with freeze_time(now):
            return asyncio.run(evaluator.evaluate_freshness(LoadingContextForTest(instance), node))


@pytest.fixture
def schedules_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTIDE_SCHEDULES", "on")


@pytest.mark.parametrize(
    ("made", "now", "expected"),
    [
        # Yesterday's build is good until this evening.
        (at(11, 14), at(12, 13), FreshnessState.PASS),
        (at(11, 18, 5), at(12, 19, 59), FreshnessState.PASS),
        # Then it is late, until there is one of the day.
        (at(11, 18, 5), at(12, 20, 1), FreshnessState.FAIL),
        (at(12, 13, 45), at(12, 20, 1), FreshnessState.PASS),
        (at(12, 22), at(12, 22, 1), FreshnessState.PASS),
        # What was built before the day's readings began is of the day before.
        (at(12, 12, 59), at(12, 20, 1), FreshnessState.FAIL),
        # A home without a build is nobody's failure.
        (None, at(12, 20, 1), FreshnessState.UNKNOWN),
    ],
)
def test_a_day_is_published_by_eight_in_the_evening(
    schedules_on: None, made: datetime | None, now: datetime, expected: FreshnessState
) -> None:
    assert state(published_asset([]), PUBLISHED, made, now) == expected


def test_a_day_has_landed_by_four_in_the_afternoon(schedules_on: None) -> None:
    assert state(_landed(), LANDED, at(11, 13, 35), at(12, 15, 59)) == FreshnessState.PASS
    assert state(_landed(), LANDED, at(11, 13, 35), at(12, 16, 1)) == FreshnessState.FAIL
    assert state(_landed(), LANDED, at(12, 13, 35), at(12, 16, 1)) == FreshnessState.PASS


def test_the_deadlines_leave_time_after_the_schedule_and_the_sensor(schedules_on: None) -> None:
    minute, hour = (int(part) for part in FETCH_AT.split()[:2])
    fetched, patience = hour * 60 + minute, PATIENCE_UNTIL.hour * 60
    for asset, key, earliest in (
        (published_asset([]), PUBLISHED, patience),
        (_landed(), LANDED, fetched),
    ):
        policy = asset.specs_by_key[key].freshness_policy
        assert isinstance(policy, CronFreshnessPolicy)
        assert policy.timezone == "UTC"
        deadline = int(policy.deadline_cron.split()[1]) * 60
        assert earliest < deadline
        assert deadline - policy.lower_bound_delta.total_seconds() / 60 <= fetched


def test_where_nothing_runs_by_itself_nothing_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBTIDE_SCHEDULES", raising=False)
    assert published_asset([]).specs_by_key[PUBLISHED].freshness_policy is None
    assert _landed().specs_by_key[LANDED].freshness_policy is None
