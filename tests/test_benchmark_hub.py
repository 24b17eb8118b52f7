"""The benchmark's warehouse is what the project's own loader makes of the same days."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from benchmarks.whole_hub import LAST_DAY, Population, fill, snapshot
from extract.home import Home
from extract.loading import load_source

# Two month turns; counters of tracked models change daily, the others' seldom.
TINY = Population("tiny", models=400, days=45, changes=40, tracked=20)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("filled"))
    counts = fill(TINY, home)
    assert counts["models"] == 400
    assert counts["days"] == 44
    return home.warehouse


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("loaded")
    folder = root / "import"
    (folder / "hub_stats").mkdir(parents=True)
    (folder / "SYNTHETIC").touch()
    lines = ["file,as_of,days_early,scope"]
    day: date = TINY.first_day
    while day < LAST_DAY:
        snapshot(TINY, day, folder / "hub_stats" / f"{day}.parquet")
        lines.append(f"hub_stats/{day}.parquet,{day},0,hub")
        day += timedelta(days=1)
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    home = Home(root / "home")
    load_source("hub_stats", folder, home)
    return home.warehouse


# Keys and loads are numbered in the order of arrival: names say the same in both.
ROWS = {
    "readings": """
        select
            names.model_id, readings.day, readings.scope, readings.presence,
            readings.downloads_30d, readings.downloads_all_time, readings.likes,
            readings.downloads_all_time_before
        from {side}.raw.hub_stats_readings as readings
        inner join {side}.raw.model_names as names using (name_key)
    """,
    "metadata": """
        select
            names.model_id, names.hub_oid, metadata.day, metadata.content_hash, metadata.created_at,
            metadata.pipeline_tag, metadata.library_name, metadata.tags, metadata.base_relation,
            metadata.base_models, metadata.parameters_total, metadata.parameters_by_dtype
        from {side}.raw.hub_stats_metadata as metadata
        inner join {side}.raw.model_names as names using (name_key)
    """,
    "read days": "select source, scope, day, is_complete, models_read from {side}.raw.read_days",
    "loads": """
        select source, partition, status, rows_read, rows_stored, rows_unchanged, rows_rejected
        from {side}.raw.loads
    """,
}


@pytest.mark.parametrize("rows", ROWS)
def test_the_rows_are_those_that_the_loader_writes(filled: Path, loaded: Path, rows: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{filled}' as filled (read_only)")
        connection.execute(f"attach '{loaded}' as loaded (read_only)")
        queries = [ROWS[rows].format(side=side) for side in ("filled", "loaded")]
        for one, other in (queries, queries[::-1]):
            found = connection.execute(f"{one} except all {other} limit 3").fetchall()
            assert found == []
        assert connection.execute(f"select count(*) from ({queries[0]})").fetchall() > [(0,)]
