"""Five days from the live services: one missed, one run killed, and the marts all the same.

A home that was read every day is compared with one whose second day nobody read and whose third
was killed in the middle and run again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.http import Limits
from extract.live import LIVE, Ask
from extract.loading import load_landed
from orchestration.seeds import modelscope_owners, tracked_organizations
from tests.conftest import PROJECT_ROOT, environment_for, run_module
from tests.fake.server import FakeServices

DAYS = [date(2026, 3, day) for day in range(10, 15)]
MISSED, KILLED = DAYS[1], DAYS[2]
REQUESTS_BEFORE_THE_KILL = 25

# What may differ between the two homes besides the rows of the missed day and the day after it,
# whose downloads can only be interpolated.
EXPECTED = {
    "about": "build and times",
    "coverage_daily": "the missed day, and what the day after it counts as changed",
    "fct_model_downloads_spans": "one span of two days in place of two of one",
}
DAY_COUNTS = {
    "days_observed",
    "days_interpolated",
    "days_ahead",
    "downloads_interpolated",
    "is_interpolated",
}
# A model made on the missed day is first seen a day later.
FIRST_SEEN = {"first_reading_on", "first_seen_on"}
VERSIONS = "inference_daily_versions"


class Hub:
    """Three models a tracked organisation and some derivatives, with counters that grow."""

    def __init__(self) -> None:
        self.organizations = tracked_organizations()

    def models(self, day: date) -> list[dict[str, Any]]:
        age = (day - DAYS[0]).days
        found = [
            self._record(number * 10 + place, f"{org}/base-{place}-7B", age)
            for number, org in enumerate(self.organizations)
            for place in range(3)
        ]
        qwen = self.organizations.index("Qwen") * 10
        if day >= MISSED:  # made on the day that nobody reads
            found.append(self._record(qwen + 7, "Qwen/late-14B", age, created=MISSED))
        if day >= DAYS[3]:
            found = [model for model in found if model["id"] != "openai/base-2-7B"]
        for model in found:
            if day >= KILLED and model["id"] == "google/base-1-7B":
                model["id"] = "google/renamed-7B"
        parent = next(model for model in found if model["_id"] == _oid(qwen))
        for number in range(4):
            derivative = self._record(9000 + number, f"someone/tuned-{number}", age)
            derivative["tags"] += [f"base_model:{parent['id']}"]
            derivative["baseModels"] = {
                "relation": "finetune",
                "models": [{"_id": parent["_id"], "id": parent["id"]}],
            }
            found.append(derivative)
        return found

    def _record(
        self, number: int, name: str, age: int, created: date = date(2025, 6, 1)
    ) -> dict[str, Any]:
        days_old = age if created < DAYS[0] else age - (created - DAYS[0]).days + 1
        rate = 100 + number % 83
        past = 10_000 + number if created < DAYS[0] else 0
        return {
            "_id": _oid(number),
            "id": name,
            "author": name.split("/")[0],
            "createdAt": _timestamp(created),
            "lastModified": _timestamp(created),
            "downloads": rate * 30,
            "downloadsAllTime": past + rate * days_old,
            "likes": number,
            "trendingScore": 0,
            "tags": ["license:apache-2.0"],
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "safetensors": {"parameters": {"BF16": 7_000_000_000}, "total": 7_000_000_000},
            "gated": False,
            "disabled": False,
        }


def _oid(number: int) -> str:
    return f"{number + 1:024x}"


def _timestamp(day: date) -> str:
    return datetime.combine(day, time(9), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@contextlib.contextmanager
def services_on(day: date) -> Iterator[FakeServices]:
    """All services as of a day."""
    hub = Hub()
    with FakeServices() as fake:
        fake.hub.day = day
        fake.hub.models_of = hub.models
        fake.openrouter.rankings = {
            str(past): {"qwen/base-0": 1000 + past.day, "other": 500}
            for past in (DAYS[0] + timedelta(days=offset) for offset in range(-3, 5))
            if past < day
        }
        fake.openrouter.as_of = str(day)
        fake.openrouter.catalogue = [
            {
                "id": "qwen/base-0",
                "canonical_slug": "qwen/base-0",
                "hugging_face_id": "Qwen/base-0-7B",
                "name": "Base 0",
                "created": 1_750_000_000,
                "context_length": 4096,
            }
        ]
        fake.modelscope.models = [
            {
                "id": f"{owner}/base-0-7B",
                "downloads": 500 + 10 * (day - DAYS[0]).days,
                "likes": 3,
                "created_at": _timestamp(date(2025, 6, 1)),
                "last_modified": _timestamp(date(2025, 6, 1)),
                "license": "apache-2.0",
            }
            for owner in modelscope_owners()
        ]
        fake.tracked.files = {
            "models.csv": "org,model,modelId\nQwen,base-0-7B,Qwen/base-0-7B\n",
            "extra_models.csv": "org,model,modelId\nopenai,base-0-7B,openai/base-0-7B\n",
            "metadata/model_parameters.csv": "model_id,total_params_b,active_params_b,is_moe,"
            "notes\n"
            "Qwen/base-0-7B,7,7,false,\n",
            "metadata/organization_regions.csv": "hf_org,region,notes\nQwen,china,\n",
            "metadata/release_date_corrections.csv": "# one\n# two\n# three\n"
            "model_id,hf_created_at,actual_release_date,notes\n"
            "Qwen/base-0-7B,2025-06-01,2025-06-01,\n",
        }
        yield fake


def read_day(home: Home, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch and load every live source, as the Dagster assets do, without building."""
    with services_on(day) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        ask = Ask(
            organizations=tracked_organizations(),
            modelscope_owners=modelscope_owners(),
            bases=["Qwen/base-0-7B"],
            limits=Limits(first_wait=0.01),
        )
        for name, source in LIVE.items():
            if name == "hub_stats":
                continue
            results = source.fetch(ask, home, True, lambda _: None, None)
            assert [result for result in results if result.status == "failed"] == []
            load_landed(name, home)


def run_live(home: Home, day: date) -> None:
    """`make live` on a day."""
    with services_on(day) as fake:
        ran = run_module(home.root, "orchestration", "live", environment=fake.environment())
    assert ran.returncode == 0, ran.stderr[-3000:]


def run_live_and_kill(home: Home, day: date) -> None:
    """`make live` on a day, killed while it reads the Hub."""
    with services_on(day) as fake:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration", "live"],
            cwd=PROJECT_ROOT,
            env=environment_for(home.root, fake.environment()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def kill(_: object) -> None:
            if len(fake.seen("hub", "author=")) == REQUESTS_BEFORE_THE_KILL:
                process.send_signal(signal.SIGKILL)

        fake.before.append(kill)
        assert process.wait(timeout=120) == -signal.SIGKILL


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """The undisturbed home and the disturbed one, after five days."""
    before = dict(os.environ)
    undisturbed, disturbed = (Home(tmp_path_factory.mktemp(name)) for name in ("whole", "torn"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for day in DAYS[:-1]:
            read_day(undisturbed, day, monkeypatch)
            if day == KILLED:
                run_live_and_kill(disturbed, day)
            if day != MISSED:
                read_day(disturbed, day, monkeypatch)
    os.environ.clear()
    os.environ.update(before)
    run_live(undisturbed, DAYS[-1])
    run_live(disturbed, DAYS[-1])
    return undisturbed, disturbed


def rows(home: Home, table: str, without: set[str]) -> list[tuple[Any, ...]]:
    """A mart's rows less some columns, in the order of their text."""
    with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
        columns = [
            row[0]
            for row in con.execute(
                "select column_name from duckdb_columns() where table_name = ? "
                "order by column_index",
                [table],
            ).fetchall()
        ]
        kept = ", ".join(f'"{name}"' for name in columns if name not in without)
        return sorted(con.execute(f"select {kept} from {table}").fetchall(), key=repr)


def tables(home: Home) -> list[str]:
    with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
        return sorted(
            row[0]
            for row in con.execute(
                "select distinct table_name from duckdb_columns() where schema_name = 'main' "
                "and not internal"
            ).fetchall()
        )


def test_marts_equal_those_of_an_undisturbed_run(homes: tuple[Home, Home]) -> None:
    undisturbed, disturbed = homes
    compared = 0
    for table in tables(undisturbed):
        if table in EXPECTED:
            continue
        without = DAY_COUNTS | FIRST_SEEN
        left, right = rows(undisturbed, table, without), rows(disturbed, table, without)
        if "daily" in table:
            # The missed day, and the one after it whose downloads are interpolated too.
            around = {MISSED, KILLED}
            left, right = (
                [row for row in found if not around & set(filter(_is_day, row))]
                for found in (left, right)
            )
        assert left == right, f"{table} differs"
        compared += bool(left)
    assert compared > 15


def _is_day(value: object) -> bool:
    return isinstance(value, date)


def test_the_missed_days_downloads_are_interpolated_and_not_lost(homes: tuple[Home, Home]) -> None:
    query = """
        select
            model_id,
            cast(sum(downloads) as bigint),
            list(day_status order by day),
        from fct_model_downloads_daily
        where day between $first and $last
        group by model_id
        order by model_id
    """
    found = []
    for home in homes:
        with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
            found.append(con.execute(query, {"first": MISSED, "last": KILLED}).fetchall())
    whole, torn = found
    assert [row[:2] for row in whole] == [row[:2] for row in torn]
    assert {tuple(row[2]) for row in whole} == {("observed", "observed")}
    assert {tuple(row[2]) for row in torn} == {("interpolated", "interpolated")}


def test_coverage_says_which_day_cannot_be_had_any_more(homes: tuple[Home, Home]) -> None:
    query = """
        select source, count(*) filter (where status = 'unrecoverable'), count(*)
        from coverage_daily
        where day = ? and source in ('hub_api', 'modelscope')
        group by source
        order by source
    """
    found = []
    for home in homes:
        with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
            found.append(con.execute(query, [MISSED]).fetchall())
    whole, torn = found
    assert [row[1] for row in whole] == [0, 0]
    assert all(missing == listed for _, missing, listed in torn)
    assert len(torn) == 2


def test_rankings_of_the_missed_day_are_there(homes: tuple[Home, Home]) -> None:
    _, disturbed = homes
    days = {row[0] for row in rows(disturbed, "inference_daily", set())}
    assert MISSED in days


def test_an_organisation_that_cannot_be_read_does_not_cost_the_others(
    homes: tuple[Home, Home], tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(homes[1].root, home.root, symlinks=True)
    day = DAYS[-1] + timedelta(days=1)
    with services_on(day) as fake:
        fake.faults.status(403, service="hub", match="author=google", times=None)
        ran = run_module(home.root, "orchestration", "live", environment=fake.environment())
    assert ran.returncode == 1
    assert "not read: hub_api: google page 1 was refused with status 403" in ran.stderr
    assert "published what there is; 1 part could not be read" in ran.stderr
    with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
        assert con.execute("select as_of from about").fetchall() == [(day,)]
        found = con.execute(
            """
            select status, count(*), min(scope)
            from coverage_daily
            where source = 'hub_api' and day = ?
            group by status
            order by status
            """,
            [day],
        ).fetchall()
    assert found == [("complete", 55, "AI-MO"), ("unrecoverable", 1, "google")]


def test_the_rows_are_marked_as_synthetic(homes: tuple[Home, Home]) -> None:
    for home in homes:
        with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
            assert con.execute("select data_kind from about").fetchall() == [("synthetic",)]
