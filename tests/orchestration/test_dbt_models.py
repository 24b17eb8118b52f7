"""What a model's result says of its table: rows, columns with their descriptions, and its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.costs import Step
from orchestration.defs.dbt_models import Table, described, tables_of


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.days as select range as n, 'a' as t from range(3)")
        connection.execute("create view marts.recent as select n from marts.days where n > 1")
    return path


def test_rows_and_columns_of_tables_and_views(warehouse: Path) -> None:
    assert tables_of(warehouse) == {
        ("marts", "days"): Table([("n", "BIGINT"), ("t", "VARCHAR")], 3),
        ("marts", "recent"): Table([("n", "BIGINT")], None),
    }


def test_a_warehouse_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert tables_of(tmp_path / "warehouse.duckdb") == {}


def test_a_result_says_what_stands_in_the_warehouse_and_what_it_cost(warehouse: Path) -> None:
    def node(name: str, **more: Any) -> dict[str, Any]:
        return {"schema": "marts", "alias": name, "name": name, "columns": {}, **more}

    manifest = {
        "nodes": {
            "model.hubtide.days": node("days", columns={"n": {"description": "A number."}}),
            "model.hubtide.recent": node("recent"),
            "model.hubtide.gone": node("gone"),
        }
    }
    events = [
        dg.Output(None, output_name=name, metadata={"unique_id": f"model.hubtide.{name}"})
        for name in ("days", "recent", "gone")
    ]
    costs = [Step("model days", seconds=1.25, cpu_seconds=2, peak_mb=30)]
    days, recent, gone = described(events, manifest, tables_of(warehouse), costs)
    assert days.metadata["dagster/row_count"].value == 3
    assert days.metadata["seconds"].value == 1.25
    schema = days.metadata["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    found = [(column.name, column.type, column.description) for column in schema.columns]
    assert found == [("n", "BIGINT", "A number."), ("t", "VARCHAR", None)]
    assert recent.metadata.keys() == {"unique_id", "dagster/column_schema"}
    assert gone.metadata.keys() == {"unique_id"}
