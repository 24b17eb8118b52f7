"""The check on what builds cost: time that grew with the rows is no finding, time alone is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.published_builds import PublishedBuild, note_builds
from tests.dbt_project.running import dbt

PUBLISHED_AT = datetime(2026, 3, 21, tzinfo=UTC).replace(tzinfo=None)
BUILDS = [f"2026032{day}T150000Z-0000000{day}" for day in range(1, 5)]


def _step(name: str, seconds: float, rows: int | None) -> Mapping[str, Any]:
    return {"step": name, "seconds": seconds, "cpu_seconds": seconds, "peak_mb": 9, "rows_in": rows}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, float]]:
    """Of each step that the check tells: its seconds, and the usual ones."""
    home = Home(tmp_path_factory.mktemp("home"))
    earlier = [
        _step("model steady", 4, 1000),
        _step("model with more rows", 4, 1000),
        _step("model slower", 4, 1000),
        _step("model quick", 0.1, 1000),
        _step("dbt", 30, None),
    ]
    newest = [
        _step("model steady", 7, 1000),
        _step("model with more rows", 40, 10_000),
        _step("model slower", 9, 1100),
        _step("model quick", 0.9, 1000),
        _step("dbt", 61, None),
        _step("model new", 90, 10),
    ]
    note_builds(
        home,
        [
            PublishedBuild(build, PUBLISHED_AT, steps)
            for build, steps in zip(BUILDS, [earlier, earlier, earlier, newest], strict=True)
        ],
    )
    dbt(home, "run", "--select", "+pipeline_costs")
    dbt(home, "test", "--select", "costs_follow_rows", "--store-failures")
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select step, seconds, usual_seconds, build_id from dbt_test__audit.costs_follow_rows"
        ).fetchall()
    assert {row[3] for row in rows} <= {BUILDS[-1]}
    return {step: (seconds, usual) for step, seconds, usual, _ in rows}


def test_a_step_that_takes_longer_on_as_many_rows_is_told(
    found: dict[str, tuple[float, float]],
) -> None:
    assert found == {"model slower": (9, 4), "dbt": (61, 30)}
