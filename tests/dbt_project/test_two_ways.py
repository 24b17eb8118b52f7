"""Plain models could be weighed as well: the two ways give the same marts, to the row.

The sample is built twice, once as the project stands and once with every model weighed
(docs/method.md, Plain and weighed models).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from extract.home import Home
from extract.loading import load_source
from tests.dbt_project.running import REMEMBERING, build, differences, edited_project
from tests.once import sample_folder

# Gaps: long ones, over the ends of months, and single days.
LEFT_OUT = (
    ("2025-05-01", "2025-09-30"),
    ("2025-10-30", "2025-11-01"),
    ("2026-01-14", "2026-01-14"),
    ("2026-01-24", "2026-02-06"),
    ("2026-02-28", "2026-02-28"),
    ("2026-03-15", "2026-03-15"),
)

EVERY_MODEL = """
select model_key from {{ ref('model_keys') }}
union
select name_key as model_key from {{ ref('model_keys') }}
"""

# What both ways end in, before the marts leave out what no figure shows.
TABLES = {
    "model_readings": "",
    "model_months": "",
    "model_days": "exclude (fingerprint)",
    "model_totals": "",
    "model_counter_after_30_days": "",
    "latest_readings": "",
    "complete_months": "",
}

# The one mart in which the same days are cut into other spans.
SPANS = "fct_model_downloads_spans"


@dataclass(frozen=True)
class Ways:
    """Warehouses of the same landed days."""

    both: Path
    weighed: Path


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    root = tmp_path_factory.mktemp("ways")
    folder = shutil.copytree(sample_folder(), root / "import")
    for snapshot in (folder / "hub_stats").iterdir():
        if any(first <= snapshot.stem <= last for first, last in LEFT_OUT):
            snapshot.unlink()
    both, weighed = Home(root / "both"), Home(root / "weighed")
    for source in ("hub_stats", "files", "openrouter", "tracked_models"):
        load_source(source, folder, both)
    weighed.root.mkdir()
    shutil.copy(both.warehouse, weighed.warehouse)

    build(both)
    project = edited_project(root / "project")
    (project / "models" / "adoption" / "weighed_models.sql").write_text(EVERY_MODEL, "utf-8")
    build(weighed, project=project)
    return Ways(both.warehouse, weighed.warehouse)


def test_both_ways_are_walked(ways: Ways) -> None:
    """Most models of the sample are plain, and some are not; then none is."""
    shares = []
    for warehouse in (ways.both, ways.weighed):
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            shares += connection.execute(
                "select count(*) filter (where model_key in "
                "(select model_key from adoption.weighed_models)) / count(*) "
                "from marts.dim_models inner join buckets.model_identities using (model_id)"
            ).fetchall()
    assert 0 < shares[0][0] < 0.5
    assert shares[1][0] == 1


def test_plain_models_have_the_same_marts_when_weighed(ways: Ways) -> None:
    assert differences(ways.both, ways.weighed, SPANS, *REMEMBERING) == {}


@pytest.mark.parametrize("table", TABLES)
def test_plain_models_have_the_same_rows_when_weighed(ways: Ways, table: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ways.both}' as both_ways (read_only)")
        connection.execute(f"attach '{ways.weighed}' as weighed (read_only)")
        sides = [
            f"select * {TABLES[table]} from {way}.adoption.{table}"
            for way in ("both_ways", "weighed")
        ]
        for one, other in (sides, reversed(sides)):
            assert connection.execute(f"{one} except all {other} limit 5").fetchall() == []


def test_spans_cut_otherwise_hold_the_same_days(ways: Ways) -> None:
    """Between two changes the days are the same, whichever way cut them."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ways.both}' as both_ways (read_only)")
        connection.execute(f"attach '{ways.weighed}' as weighed (read_only)")
        sums = [
            f"select model_id, min(from_day), max(to_day), sum(to_day - from_day + 1), "
            f"round(sum(downloads_per_day * (to_day - from_day + 1))), sum(adjustment) "
            f"from {way}.marts.{SPANS} group by model_id"
            for way in ("both_ways", "weighed")
        ]
        assert connection.execute(f"{sums[0]} except {sums[1]}").fetchall() == []
        assert connection.execute(f"{sums[1]} except {sums[0]}").fetchall() == []
