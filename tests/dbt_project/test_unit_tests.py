"""Runs dbt's unit tests in a warehouse of their own.

They need their input tables to exist. Empty ones will do, but an empty build must never touch a
warehouse with data: an incremental model would start from its emptiness.
"""

import json

import duckdb
import pytest

from extract.home import Home
from extract.warehouse import SCHEMA
from tests.dbt_project.running import dbt


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("unit_tests"))
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
    dbt(home, "build", "--empty", "--exclude-resource-types", "unit_test", "test")
    return home


def test_every_unit_test_passes(empty_home: Home) -> None:
    dbt(empty_home, "test", "--select", "test_type:unit")
    results = json.loads((empty_home.root / "target" / "run_results.json").read_bytes())["results"]
    statuses = [
        result["status"] for result in results if result["unique_id"].startswith("unit_test.")
    ]
    assert len(statuses) > 0
    assert set(statuses) == {"pass"}
