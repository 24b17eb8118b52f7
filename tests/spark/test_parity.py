"""The same numbers on DuckDB and on Spark: a cluster of one master and two workers on the loopback.

Each public table of the synthetic sample, row for row, and the macros that have a form for each
engine. The middle scale is benchmarks/on_spark.py's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from benchmarks.parity import Mart, differences, marts_of
from benchmarks.spark_cluster import (
    Cluster,
    NoSparkError,
    cluster,
    require_spark,
    task_times,
)
from extract.home import Home
from extract.parquet import export_raw
from tests.dbt_project.running import dbt

try:
    require_spark()
except NoSparkError as error:
    pytest.skip(f"no parity with Spark is tested: {error}", allow_module_level=True)

MACROS = ("--select", "path:tests/macros", "--vars", "{test_macros: true}")


@dataclass(frozen=True)
class OnSpark:
    """The sample as Spark built it."""

    home: Path
    said: str

    def files(self, mart: str) -> str:
        return f"{self.home}/spark-warehouse/marts.db/{mart}/*.parquet"


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def on_spark(
    two_workers: Cluster, sample_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> OnSpark:
    """Seeds, models and the macros' tests in one run of dbt: a session starts once."""
    home = tmp_path_factory.mktemp("spark")
    export_raw(sample_home.warehouse, home / "raw")
    done = two_workers.dbt(
        "build",
        "--select",
        "resource_type:seed",
        "resource_type:model",
        "path:tests/macros",
        "--indirect-selection",
        "empty",
        "--vars",
        "{test_macros: true}",
        home=home,
        raw=home / "raw",
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return OnSpark(home, done.stdout)


def _marts(on_spark: OnSpark) -> list[Mart]:
    return marts_of(on_spark.home / ".dbt" / "manifest.json")


def test_every_mart_of_the_sample_is_the_same_row_for_row(
    on_spark: OnSpark, sample_home: Home
) -> None:
    marts = _marts(on_spark)
    rows, found = differences(
        sample_home.warehouse, {mart.name: on_spark.files(mart.name) for mart in marts}, marts
    )
    assert not found, "\n".join(found)
    assert len(rows) >= 40
    assert sum(rows.values()) > 20_000
    assert all(mart.grain for mart in marts)


def test_both_workers_took_part(on_spark: OnSpark) -> None:
    times = task_times(on_spark.home)
    assert len(times) == 2, times
    assert all(each.tasks > 100 for each in times.values()), times


def test_the_macros_do_the_same_on_spark(on_spark: OnSpark) -> None:
    tests = [line for line in on_spark.said.splitlines() if " PASS " in line]
    files = list((Path(__file__).parents[2] / "dbt_project/tests/macros").glob("*.sql"))
    assert len(tests) == len(files) > 10, on_spark.said


def test_the_macros_do_the_same_on_duckdb(sample_home: Home, tmp_path: Path) -> None:
    shutil.copy(sample_home.warehouse, tmp_path / "warehouse.duckdb")
    dbt(Home(tmp_path), "test", *MACROS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "update {mart} set cumulative_downloads = cumulative_downloads + 1 where rank = 1",
            "rows only in ours",
        ),
        ("update {mart} set share = share * (1 + 1e-6) where rank = 1", "share differs in"),
        ("delete from {mart} where rank = 1", "rows only in theirs"),
        ("update {mart} set share = null where rank = 1", "share differs in"),
        ("alter table {mart} drop column rank", "other columns"),
    ],
)
def test_a_difference_is_told(sample_home: Home, tmp_path: Path, change: str, said: str) -> None:
    name = "region_downloads_monthly"
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach '{sample_home.warehouse}' as sample (read_only)")
        connection.execute("create schema marts")
        connection.execute(f"create table marts.{name} as from sample.marts.{name}")
        connection.execute(f"copy marts.{name} to '{tmp_path}/{name}.parquet'")
        connection.execute(change.format(mart=f"marts.{name}"))
    mart = Mart(name, ("month", "population", "region"))
    _, found = differences(warehouse, {name: f"{tmp_path}/{name}.parquet"}, [mart])
    assert len(found) >= 1
    assert said in found[0]
