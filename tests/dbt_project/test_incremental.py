"""Building day by day gives the same marts, to the row, as building at once.

The large models are incremental by month: a month is built again when the fingerprint of its inputs
changes. Days loaded in order, late, in between, twice or with other content, builds that were cut
off, and models that were changed must therefore end in the same tables as a full refresh over the
same landed days.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.loading import load_source
from tests.dbt_project.running import VINTAGES, build, differences, edited_project
from tests.once import sample_folder

SOURCES = ("hub_stats", "files", "openrouter", "tracked_models")

VARIABLE = re.compile(r"""var\(["'](\w+)["']""")

# Both ends of the sample's history are enough and take half the time: the first has the renamed
# organisation, the second the launches. The months between are one long gap.
LEFT_OUT = ("2025-05-01", "2025-09-30")

# First load: without the last days, without two days inside the history, and with one day whose
# content was another. The days chosen lie in different months.
LATE = ("2025-10-10", "2025-10-11", "2026-01-20")
LAST = ("2026-03-31", "2026-04-01", "2026-04-02")
RESTATED, STAND_IN = "2025-11-18", "2025-11-17"

# Every model that is incremental by month, with the column that names its partitions.
WEIGHED = {
    "adoption.weighed_readings": "read_month",
    "adoption.counter_changes": "read_month",
    "adoption.weighed_spans": "read_month",
    "adoption.span_cells": "read_month",
    "adoption.span_months": "month",
    "adoption.weighed_months": "month",
}
PLAIN = {
    "adoption.plain_months": "month",
    "adoption.tracked_spans": "month",
    "adoption.plain_counters_after_30_days": "month",
}
INCREMENTAL = {
    **WEIGHED,
    **PLAIN,
    "adoption.model_days": "month",
    "dominance.daily_standings": "month",
    "published.model_month_patterns": "month",
    "published.model_month_readings": "month",
}
# These are by name, or remember what was.
OTHERS = {"name_rule_matches", "quoted_values", VINTAGES[0]}
# Builds these, and what they are made of.
UPSTREAM = ("--select", *(f"+{table.partition('.')[2]}" for table in INCREMENTAL))

# Models that get a column more, the day after one that they have.
COLUMNS = {"model_days": "day", "counter_changes": "day", "plain_months": "month"}

# The partition of weighed_spans that holds what follows each model's last row.
TAILS = "9999-12-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = shutil.copytree(sample_folder(), tmp_path_factory.mktemp("sample") / "import")
    for snapshot in (directory / "hub_stats").iterdir():
        if LEFT_OUT[0] <= snapshot.stem <= LEFT_OUT[1]:
            snapshot.unlink()
    return directory


def _load(directory: Path, home: Home) -> None:
    for source in SOURCES:
        load_source(source, directory, home)


def _first_part(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    for day in (*LATE, *LAST):
        (target / "hub_stats" / f"{day}.parquet").unlink(missing_ok=True)
    restated = target / "hub_stats" / f"{RESTATED}.parquet"
    restated.unlink()
    shutil.copy(target / "hub_stats" / f"{STAND_IN}.parquet", restated)
    return target


def _partitions(home: Home) -> dict[str, dict[str, str]]:
    """Fingerprints of the partitions that stand in each incremental model; one a partition."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        built = {
            table: connection.execute(
                f"select distinct cast({column} as varchar), cast(fingerprint as varchar) "
                f"from {table}"
            ).fetchall()
            for table, column in INCREMENTAL.items()
        }
    for table, rows in built.items():
        assert len(rows) == len(dict(rows)), f"{table} has partitions built half"
    return {table: dict(rows) for table, rows in built.items()}


def _changed(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> dict[str, set[str]]:
    return {
        table: {
            month
            for month in before[table].keys() | partitions.keys()
            if before[table].get(month) != partitions.get(month)
        }
        for table, partitions in after.items()
    }


def _places(home: Home) -> dict[str, list[tuple[int, int]]]:
    """Where each incremental model's rows stand in the file: rows built again stand elsewhere."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return {
            table: connection.execute(f"select count(*), sum(rowid) from {table}").fetchall()
            for table in INCREMENTAL
        }


@pytest.fixture(scope="module")
def at_once(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The whole folder loaded in order and built at once."""
    home = Home(tmp_path_factory.mktemp("once"))
    _load(folder, home)
    build(home, "--full-refresh")
    return home


def test_no_incremental_model_is_left_out(manifest: dict[str, Any]) -> None:
    models = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    assert models == {table.partition(".")[2] for table in INCREMENTAL} | OTHERS


def test_days_in_any_order_end_in_the_same_marts(
    folder: Path, at_once: Home, tmp_path: Path
) -> None:
    home = Home(tmp_path / "steps")
    part = _first_part(folder, tmp_path / "part")
    _load(part, home)
    build(home)
    first = _partitions(home)

    # In order: the last days touch their months, and no other.
    for day in LAST:
        shutil.copy(folder / "hub_stats" / f"{day}.parquet", part / "hub_stats")
    _load(part, home)
    build(home, *UPSTREAM)
    in_order = _partitions(home)
    changed = _changed(first, in_order)
    touched = {"2026-03-01", "2026-04-01"}
    for table in ("adoption.weighed_readings", *PLAIN, "adoption.model_days"):
        assert changed[table] == touched, table
    for table, months in changed.items():
        # What a month's weighed counters are told from may reach one month back.
        assert months <= {"2026-02-01", *touched, TAILS}, table

    # Late and restated, after a build that was cut off.
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from adoption.weighed_spans where read_month = '2025-12-01'")
        connection.execute("delete from adoption.plain_months where month = '2025-12-01'")
        connection.execute("delete from adoption.tracked_spans where month = '2026-03-01'")
        connection.execute("delete from adoption.model_days where month = '2026-02-01'")
        # As of a partition that was half built.
        connection.execute("update adoption.span_months set fingerprint = 0")
        connection.execute("update adoption.plain_counters_after_30_days set fingerprint = 0")
    _load(folder, home)
    build(home)
    assert differences(home.warehouse, at_once.warehouse, *VINTAGES) == {}
    late = _partitions(home)
    changed = _changed(in_order, late)
    touched = {"2025-10-01", "2025-11-01", "2026-01-01"}
    for table in ("adoption.weighed_readings", *PLAIN, "adoption.model_days"):
        assert changed[table] == touched, table

    # Twice: nothing is built again.
    places = _places(home)
    _load(folder, home)
    build(home, *UPSTREAM)
    assert _partitions(home) == late
    assert _places(home) == places


def test_a_column_added_between_two_builds_is_filled_for_all_history(
    at_once: Home, tmp_path: Path
) -> None:
    """A changed model builds all of its partitions again, without a full refresh."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    shutil.copy(at_once.warehouse, home.warehouse)
    project = edited_project(tmp_path / "project")
    for name, column in COLUMNS.items():
        model = project / "models" / "adoption" / f"{name}.sql"
        sql, end, rest = model.read_text(encoding="utf-8").rpartition("select * from final")
        assert end
        model.write_text(f"{sql}select *, {column} + 1 as next_day from final{rest}", "utf-8")
    build(home, "--select", "counter_changes+", "plain_months+", project=project)

    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        for name, column in COLUMNS.items():
            rows = connection.execute(
                f"select count(*), count(case when next_day = {column} + 1 then 1 end) "
                f"from adoption.{name}"
            ).fetchall()
            assert rows[0][0] > 0
            assert rows[0][0] == rows[0][1]
    assert differences(home.warehouse, at_once.warehouse, *VINTAGES) == {}


def test_a_variable_that_an_incremental_model_asks_is_in_its_fingerprint(
    manifest: dict[str, Any],
) -> None:
    """Another value then builds all of its partitions again: none keeps the old one's."""
    asked = {}
    for node in manifest["nodes"].values():
        code = node.get("raw_code") or ""
        if node["resource_type"] == "model" and "partition_fingerprint(" in code:
            settings = re.findall(r"partition_fingerprint\([^\[\n]*\[([^\]]*)\]", code)
            kept = set(VARIABLE.findall(" ".join(settings)))
            asked[node["name"]] = (set(VARIABLE.findall(code)), kept)
    assert any(kept for _, kept in asked.values())
    assert {name: found - kept for name, (found, kept) in asked.items() if found - kept} == {}


def _first_line(text: str) -> str:
    return text.splitlines()[0] + "\n"


def _without_embeddings(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if "embedding" not in line)


@pytest.mark.parametrize(
    ("seed", "edit"),
    [
        # An alias joins two models into one: days that were built for both must go.
        ("organization_aliases", _first_line),
        # Names are compared with a rule once: a rule that comes later must reach all of them.
        ("tracking_name_rules", _without_embeddings),
    ],
)
def test_a_seed_changed_later_gives_the_marts_of_a_full_refresh(
    at_once: Home, tmp_path: Path, seed: str, edit: Callable[[str], str]
) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    shutil.copy(at_once.warehouse, home.warehouse)

    build(home, project=edited_project(tmp_path / "project", **{seed: edit}))
    assert "dim_models" in differences(home.warehouse, at_once.warehouse, *VINTAGES)
    build(home)
    assert differences(home.warehouse, at_once.warehouse, *VINTAGES) == {}
