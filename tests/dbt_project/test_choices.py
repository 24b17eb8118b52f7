"""A reader who disagrees with a choice changes a seed or a variable and builds again.

One warehouse of the sample is built as the project stands, then with every choice of
docs/method.md (Choices) made otherwise, then as before. What each choice moves is worked out here
from the first build, or from the tables that the choice does not touch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.loading import load_source
from tests.dbt_project.running import build, differences, edited_project
from tests.once import sample_folder

# Every fourth snapshot: gaps that are not wide from 30 days on, and launches are seen.
KEPT_EVERY = 4

BUCKETS = {"1-5B": "1-10B", "7-9B": "1-10B"}
MOVED, MOVED_TO = "mistralai", "other"
UNTRACKED = "google"
VARIABLES = {
    "reference_models": 4,
    "reference_min_models": 2,
    "derivative_min_downloads": 2000,
}

Rows = dict[Any, Any]


@dataclass(frozen=True)
class Builds:
    """Copies of one warehouse after each build."""

    before: Path
    after: Path
    back: Path


def _merged_buckets(text: str) -> str:
    lines = [line for line in text.splitlines() if line.split(",")[0] not in BUCKETS]
    return "\n".join([*lines, "1-10B,1000000000,10000000000,2"]) + "\n"


def _other_organizations(text: str) -> str:
    lines = []
    for line in text.splitlines():
        cells = line.split(",")
        if cells[0] == MOVED:
            cells[2] = MOVED_TO
        if cells[0] == UNTRACKED:
            cells[-1] = "false"
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    root = tmp_path_factory.mktemp("choices")
    home = Home(root / "home")
    folder = shutil.copytree(sample_folder(), root / "import")
    snapshots = sorted((folder / "hub_stats").iterdir())
    for number, snapshot in enumerate(snapshots):
        if number % KEPT_EVERY:
            snapshot.unlink()
    # Without the ATOM project's list: it outranks the seed of organisations.
    for source in ("hub_stats", "openrouter"):
        load_source(source, folder, home)

    build(home)
    shutil.copy(home.warehouse, root / "before.duckdb")
    project = edited_project(
        root / "project", size_buckets=_merged_buckets, organizations=_other_organizations
    )
    build(home, "--vars", json.dumps(VARIABLES), project=project)
    shutil.copy(home.warehouse, root / "after.duckdb")
    shutil.rmtree(home.root / "target")  # parsed with other variables: no use to the next
    build(home)
    return Builds(root / "before.duckdb", root / "after.duckdb", home.warehouse)


@pytest.fixture(scope="module")
def con(builds: Builds) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{builds.before}' as before (read_only)")
        connection.execute(f"attach '{builds.after}' as after (read_only)")
        yield connection


def _found(con: duckdb.DuckDBPyConnection, query: str, keys: int) -> Rows:
    rows = con.execute(query).fetchall()
    return {row[:keys]: row[keys:] for row in rows}


def _rounded(row: tuple[float | None, ...]) -> tuple[float | None, ...]:
    return tuple(None if cell is None else float(f"{cell:.12g}") for cell in row)


def test_a_bucket_scheme(con: duckdb.DuckDBPyConnection) -> None:
    """Two buckets become one, everywhere, and nothing is lost or counted twice."""
    sums = (
        "select month, {bucket}, sum(downloads), sum(cumulative_downloads), sum(models) "
        "from {build}.marts.bucket_downloads_monthly where population = 'hub' group by 1, 2"
    )
    merged = "case when size_bucket in ('1-5B', '7-9B') then '1-10B' else size_bucket end"
    expected = _found(con, sums.format(bucket=merged, build="before"), 2)
    assert {bucket for _, bucket in expected} >= {"<1B", "1-10B", "10-50B"}
    assert _found(con, sums.format(bucket="size_bucket", build="after"), 2) == expected

    columns = con.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_catalog = 'after' and table_schema = 'marts' "
        "and column_name in ('size_bucket', 'active_size_bucket')"
        # What is frozen keeps the names that it was frozen under.
        "and table_name <> 'adoption_reference_vintages'"
    ).fetchall()
    assert len(columns) >= 10
    labels = {
        (table, label)
        for table, column in columns
        for (label,) in con.execute(f"select distinct {column} from after.marts.{table}").fetchall()
    }
    assert not [entry for entry in labels if entry[1] in BUCKETS]
    for table in ("dim_models", "relative_adoption", "relative_adoption_now", "release_adoption"):
        assert (table, "1-10B") in labels


def test_the_reference_of_relative_adoption(con: duckdb.DuckDBPyConnection) -> None:
    """C stays; the scores are those of the smaller reference sets, worked out here."""
    counters = (
        "select model_id, horizon_days, cumulative_downloads, is_wide_gap "
        "from {build}.marts.relative_adoption where not starts_with(model_id, '{org}/')"
    )
    known = _found(con, counters.format(build="after", org=UNTRACKED), 2)
    assert known == _found(con, counters.format(build="before", org=UNTRACKED), 2)

    standing: dict[str, list[tuple[int, str]]] = {}
    bucket_of: dict[str, str] = {}
    for model_id, bucket, counter in con.execute(
        "select model_id, size_bucket, downloads_all_time from after.marts.dim_models "
        "where is_tracked"
    ).fetchall():
        bucket_of[model_id] = bucket
        if counter is not None:
            standing.setdefault(bucket, []).append((-counter, model_id))
    size, least = VARIABLES["reference_models"], VARIABLES["reference_min_models"]
    leaders = {name for rows in standing.values() for _, name in sorted(rows)[:size]}
    sets: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for (model_id, horizon), (c, is_wide_gap) in known.items():
        if not is_wide_gap:
            sets.setdefault((bucket_of[model_id], horizon), []).append((model_id, c))

    expected: Rows = {}
    cutoffs: dict[str, int] = {}
    for (bucket, horizon), members in sorted(sets.items(), key=lambda entry: entry[0][1]):
        led = [c for name, c in members if name in leaders]
        ranked = sorted((c for _, c in members), reverse=True)
        cutoff = None
        if len(ranked) >= size:
            cutoff = cutoffs[bucket] = max(ranked[size - 1], cutoffs.get(bucket, 0))
        for name, c in members:
            expected[name, horizon] = (
                c / median(led) if len(led) >= least and bucket != "unknown" else None,
                c / cutoff if cutoff and bucket != "unknown" else None,
            )
    scores = (
        "select model_id, horizon_days, ram_median, ram_cutoff "
        "from {build}.marts.relative_adoption where not is_wide_gap"
    )
    after = _found(con, scores.format(build="after"), 2)
    assert after.keys() == expected.keys()
    assert {key: _rounded(row) for key, row in after.items()} == {
        key: _rounded(row) for key, row in expected.items()
    }
    before = _found(con, scores.format(build="before"), 2)
    for score, least_changed in ((0, 5), (1, 50)):
        changed = [
            key
            for key, row in after.items()
            if bucket_of[key[0]] not in BUCKETS.values()
            and None not in (row[score], before[key][score])
            and row[score] != before[key][score]
        ]
        assert len(changed) >= least_changed, score


def test_the_filter_of_derivatives(con: duckdb.DuckDBPyConnection) -> None:
    """Filtered counts are those with more downloads than the variable; the others stay."""
    sums = (
        "select month, attribution, sum(new_derivatives) from {build}.marts.derivatives_monthly "
        "where {which} group by 1, 2"
    )
    assert _found(con, sums.format(build="after", which="not filtered"), 2) == _found(
        con, sums.format(build="before", which="not filtered"), 2
    )
    expected = _found(
        con,
        "select cast(date_trunc('month', models.created_on) as date), bases.attribution, "
        "sum(bases.weight) from before.lineage.derivative_bases as bases "
        "inner join before.buckets.models as models using (model_key) "
        "inner join before.adoption.model_counter_after_30_days as counters using (model_key) "
        f"where counters.counter_30d > {VARIABLES['derivative_min_downloads']} group by 1, 2",
        2,
    )
    after = _found(con, sums.format(build="after", which="filtered"), 2)
    assert after == expected
    before = _found(con, sums.format(build="before", which="filtered"), 2)
    assert 0 < sum(row[0] for row in after.values()) < sum(row[0] for row in before.values())


def test_the_region_of_an_organisation(con: duckdb.DuckDBPyConnection) -> None:
    """Exactly the downloads of that organisation move; all else stays."""
    regions = (
        "select month, region, downloads, cumulative_downloads "
        "from {build}.marts.region_downloads_monthly where population = 'hub'"
    )
    before = _found(con, regions.format(build="before"), 2)
    moved = con.execute(
        "select month, downloads, cumulative_downloads from before.marts.org_downloads_monthly "
        f"where population = 'hub' and org = '{MOVED}'"
    ).fetchall()
    assert sum(row[2] for row in moved) > 0
    expected = dict(before)
    for month, downloads, cumulative in moved:
        for region, sign in (("eu", -1), (MOVED_TO, 1)):
            there, stood = before[month, region]
            if downloads is not None:
                there = (there or 0) + sign * downloads
            expected[month, region] = (there, stood + sign * cumulative)
    assert _found(con, regions.format(build="after"), 2) == expected


def test_which_organisations_are_tracked(con: duckdb.DuckDBPyConnection) -> None:
    """Daily rows of an organisation that is no longer tracked go, though they were built."""
    daily = (
        "select model_id, day, downloads, adjustment, downloads_all_time "
        "from {build}.marts.fct_model_downloads_daily"
    )
    before = _found(con, daily.format(build="before"), 2)
    kept = {key: row for key, row in before.items() if not key[0].startswith(f"{UNTRACKED}/")}
    assert 0 < len(kept) < len(before)
    assert _found(con, daily.format(build="after"), 2) == kept


def test_a_frozen_vintage_stands(con: duckdb.DuckDBPyConnection) -> None:
    """Whatever is chosen later: what was frozen is not written again."""
    vintages = "from {}.marts.adoption_reference_vintages"
    assert con.execute(f"select count(*) {vintages.format('before')}").fetchall() > [(0,)]
    assert (
        con.execute(
            f"(select * {vintages.format('before')} except select * {vintages.format('after')}) "
            f"union (select * {vintages.format('after')} except select * "
            f"{vintages.format('before')})"
        ).fetchall()
        == []
    )


def test_the_way_back(builds: Builds) -> None:
    """Built with the choices of the project again, it is the first build."""
    moved = differences(builds.before, builds.after)
    assert {"dim_models", "relative_adoption", "derivatives_monthly"} < moved.keys()
    assert "adoption_reference_vintages" not in moved
    assert differences(builds.before, builds.back) == {}
