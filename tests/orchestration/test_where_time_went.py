"""The line that says where a command's time went."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.costs import EngineSeconds, engine_seconds
from orchestration.where_time_went import where_time_went


def test_all_parts_are_told_and_add_up_to_the_whole() -> None:
    steps = {
        "sample_snapshots": 0.1,
        "hub_stats": 5.2,
        "ledger": 0.7,
        "dbt_models": 14,
        "exports__current": 4,
    }
    assert where_time_went(34, 8, steps, EngineSeconds(4, 2)) == (
        "34 s: start of dbt and Dagster 8 s, loading 6 s, "
        "dbt 14 s (the engine's own: tables 4 s, tests 2 s), publishing 4 s, the rest 2 s"
    )


def test_fetching_is_apart_from_loading() -> None:
    line = where_time_went(30, 5, {"landed__hub_api": 20, "hub_api": 3}, EngineSeconds())
    assert line == "30 s: start of dbt and Dagster 5 s, fetching 20 s, loading 3 s, the rest 2 s"


def test_the_engines_seconds_are_those_of_tables_and_of_all_else(tmp_path: Path) -> None:
    file = tmp_path / "costs.parquet"
    assert engine_seconds(file) == EngineSeconds(0, 0)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (from (values ('days', 1.5), ('models', 0.5), (null, 0.25)) "
            f"as t (table_name, seconds)) to '{file}' (format parquet)"
        )
    assert engine_seconds(file) == EngineSeconds(2, 0.25)
