"""Five days from the live services: one missed, one run killed, and the marts all the same.

A home that was read every day is compared with one whose second day nobody read and whose third
was killed in the middle and run again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.http import Limits
from extract.live import LIVE, Ask
from extract.loading import load_landed
from orchestration.publishing import current_build
from orchestration.seeds import modelscope_owners, tracked_organizations
from tests.conftest import PROJECT_ROOT, Ran, environment_for, run_module
from tests.live_hub import FIRST_DAY, MADE_ON, RENAMED_ON, services_on
from tests.once import lend_parsed

DAYS = [FIRST_DAY + timedelta(days=days) for days in range(5)]
# The model that is made on the missed day is first seen on the day after.
MISSED, KILLED = MADE_ON, RENAMED_ON
REQUESTS_BEFORE_THE_KILL = 25

SIXTH = DAYS[-1] + timedelta(days=1)
# Tokens of a day of the month before, as they were and as they are corrected.
CORRECTED, WAS, IS = date(2026, 2, 27), 1027, 5027

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
    "crossed_after",
    "crossed_by",
    "downloads_interpolated",
    "is_interpolated",
}
# A model made on the missed day is first seen a day later.
FIRST_SEEN = {"first_reading_on", "first_seen_on"}
VERSIONS = "inference_daily_versions"


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
    lend_parsed(home.root, home.root / ".dbt")
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


def test_a_backfill_on_a_day_of_live_readings_publishes(homes: tuple[Home, Home]) -> None:
    """Both bring the same days as of today; `inference_daily` has each once."""
    home, _ = homes
    before = rows(home, "inference_daily", set())
    first = DAYS[-1] - timedelta(days=10)
    with services_on(DAYS[-1]) as fake:
        ran = run_module(
            home.root, "orchestration", "backfill", "--since", str(first), "--only", "openrouter",
            environment=fake.environment(),
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        partitions = con.execute(
            "select count(distinct partition) from raw.openrouter_rankings "
            "where day = ? and as_of = ?",
            [DAYS[-1] - timedelta(days=2), DAYS[-1]],
        ).fetchone()
    assert partitions is not None
    assert partitions[0] > 1
    assert rows(home, "inference_daily", set()) == before


@dataclass(frozen=True)
class SixthDay:
    """The day after: what the command said, the build before it, and its own."""

    ran: Ran
    before: Path
    build: Path

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.build / "marts.duckdb"), read_only=True) as con:
            return con.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def sixth_day(homes: tuple[Home, Home], tmp_path_factory: pytest.TempPathFactory) -> SixthDay:
    """One organisation is refused, and OpenRouter has corrected a day of the month before."""
    home = Home(tmp_path_factory.mktemp("sixth") / "home")
    # Without what dbt has parsed: it holds for the place it was parsed in.
    shutil.copytree(homes[1].root, home.root, symlinks=True, ignore=shutil.ignore_patterns(".dbt"))
    before = current_build(home.exports)
    with services_on(SIXTH) as fake:
        fake.faults.status(403, service="hub", match="author=google", times=None)
        assert fake.openrouter.rankings[str(CORRECTED)]["qwen/base-0"] == WAS
        fake.openrouter.rankings[str(CORRECTED)]["qwen/base-0"] = IS
        ran = run_module(home.root, "orchestration", "live", environment=fake.environment())
    build = current_build(home.exports)
    assert before is not None
    assert build is not None
    assert build != before, ran.stderr[-3000:]
    return SixthDay(ran, before, build)


def test_an_organisation_that_cannot_be_read_does_not_cost_the_others(sixth_day: SixthDay) -> None:
    ran = sixth_day.ran
    assert ran.returncode == 1
    assert "not read: hub_api: google page 1 was refused with status 403" in ran.stderr
    assert "published what there is; 1 part could not be read" in ran.stderr
    assert sixth_day.rows("select as_of from about") == [(SIXTH,)]
    found = sixth_day.rows(
        """
        select status, count(*), min(scope)
        from coverage_daily
        where source = 'hub_api' and day = ?
        group by status
        order by status
        """,
        SIXTH,
    )
    assert found == [("complete", 55, "AI-MO"), ("unrecoverable", 1, "google")]


def test_a_corrected_day_is_told_as_a_change_of_a_published_figure(sixth_day: SixthDay) -> None:
    """Of a month that is over; the figures of the month that runs change every day."""
    query = "select tokens from inference_region_monthly where month = ? and region = 'china'"
    month = CORRECTED.replace(day=1)
    with duckdb.connect(str(sixth_day.before / "marts.duckdb"), read_only=True) as con:
        old = con.execute(query, [month]).fetchall()[0][0]
        assert con.execute("from restatements").fetchall() == []
    new = sixth_day.rows(query, month)[0][0]
    assert new - old == IS - WAS
    found = sixth_day.rows(
        "select table_name, key, field, old_value, new_value, build_id from restatements "
        "where key like '%region=%'"
    )
    key = f"month={month}, region=china"
    mart = "inference_region_monthly"
    assert found == [(mart, key, "tokens", str(old), str(new), sixth_day.build.name)]


def test_what_a_published_build_cost_is_in_the_next(sixth_day: SixthDay) -> None:
    steps = json.loads((sixth_day.before / "manifest.json").read_text(encoding="utf-8"))["steps"]
    found = sixth_day.rows(
        "select build_id, step, seconds, cpu_seconds, peak_mb, rows_in, rows_out "
        "from pipeline_costs order by step"
    )
    assert [row[:2] for row in found] == sorted(
        (sixth_day.before.name, step["step"]) for step in steps
    )
    by_name = {step["step"]: step for step in steps}
    assert {"fetch hub_api", "load hub_api", "dbt", "model model_days"} <= by_name.keys()
    assert by_name["model model_days"]["rows_in"] > 0
    for _, name, seconds, cpu_seconds, peak_mb, rows_in, rows_out in found:
        step = by_name[name]
        assert (rows_in, rows_out) == (step["rows_in"], step["rows_out"])
        measured = (step["seconds"], step["cpu_seconds"], step["peak_mb"])
        assert (seconds, cpu_seconds, peak_mb) == pytest.approx(measured)
    assert by_name["load hub_api"]["rows_in"] > 100


def test_the_rows_are_marked_as_synthetic(homes: tuple[Home, Home]) -> None:
    for home in homes:
        with duckdb.connect(str((home.exports / "marts.duckdb").resolve()), read_only=True) as con:
            assert con.execute("select data_kind from about").fetchall() == [("synthetic",)]
