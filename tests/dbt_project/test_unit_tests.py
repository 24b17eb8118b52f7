"""Runs dbt's unit tests in a warehouse of their own.

They need their input tables to exist. Empty ones will do, but an empty build must never touch a
warehouse with data: an incremental model would start from its emptiness.
"""

import json
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from extract.warehouse import SCHEMA
from orchestration.dbt import dbt_executable
from orchestration.environment import DBT_PROJECT_DIR, STATISTICS_OFF


def dbt(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [dbt_executable(), "--quiet", *arguments],
        cwd=DBT_PROJECT_DIR,
        env={
            **os.environ,
            **STATISTICS_OFF,
            "HUBTIDE_HOME": str(home),
            "DBT_PROJECT_DIR": str(DBT_PROJECT_DIR),
            "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("unit_tests")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
    done = dbt(home, "build", "--empty", "--exclude-resource-type", "unit_test", "test")
    assert done.returncode == 0, done.stdout[-4000:]
    return home


def test_every_unit_test_passes(empty_home: Path) -> None:
    done = dbt(empty_home, "test", "--select", "test_type:unit")
    assert done.returncode == 0, done.stdout[-8000:]
    results = json.loads((empty_home / "target" / "run_results.json").read_bytes())["results"]
    assert len(results) > 0
    assert {result["status"] for result in results} == {"pass"}
