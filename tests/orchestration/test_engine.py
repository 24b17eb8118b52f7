"""HUBTIDE_TARGET: one setting for dbt, pools and publishing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from extract.errors import HubtideError, WarehouseLockedError
from extract.home import Home
from extract.parquet import export_raw
from extract.warehouse import SCHEMA
from orchestration.engine import (
    SPARK_POOL,
    TARGET,
    WRITER_POOL,
    hand_over_raw,
    marts_database,
    models_pool,
    target,
)
from orchestration.publishing import NotAuditedError, publish, record_audit, require_audit
from tests.holding import held


def fill(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        connection.execute(
            "insert into raw.loads values (7, 'openrouter', 'p', 'loaded', 1, 1, 0, 0, 0, 'abc', "
            "false, date '2026-05-24', 0, null, now(), now())"
        )
        connection.execute("insert into raw.model_names values (1, null, 'a/b'), (2, 'x', 'c/d')")


def as_spark_would(home: Home, build_id: str, rows: int) -> None:
    """Marts as Spark leaves them: a folder a table, files beside its own marks."""
    for name, query in (
        ("about", "select 'real' as data_kind, date '2026-05-24' as as_of, "
                  f"timestamp '2026-05-25' as built_at, '{build_id}' as build_id"),
        ("facts", f"select range as n from range({rows})"),
    ):  # fmt: skip
        folder = home.root / "spark-warehouse" / "marts.db" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "_SUCCESS").touch()
        duckdb.sql(f"copy ({query}) to '{folder}/part-0.snappy.parquet'")


def test_the_default_builds_in_the_warehouse(at_home: Callable[[], Home]) -> None:
    home = at_home()
    assert target() == "duckdb"
    assert models_pool() == WRITER_POOL
    assert marts_database(home) == home.warehouse
    assert hand_over_raw(home) is None


def test_another_name_is_refused(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home()
    monkeypatch.setenv(TARGET, "sparc")
    with pytest.raises(HubtideError, match="write duckdb or spark"):
        target()


def test_on_spark_raw_is_handed_over_and_marts_are_published_from_files(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = at_home()
    monkeypatch.setenv(TARGET, "spark")
    # Spark needs no single writer of the file: loads go on meanwhile.
    assert models_pool() == SPARK_POOL != WRITER_POOL
    fill(home.warehouse)
    assert hand_over_raw(home) == 3
    as_spark_would(home, "b1", 5)
    record_audit(marts_database(home), home.exports, "b1")
    require_audit(marts_database(home), home.exports)
    build = publish(marts_database(home), home.exports, commit="c", seeds_sha256="")
    assert build.tables == {"about": 1, "facts": 5}
    with duckdb.connect(str(home.exports / "marts.duckdb"), read_only=True) as connection:
        assert connection.execute("select sum(n) from facts").fetchone() == (10,)
    # What was built since, and has not passed its checks, is not published.
    as_spark_would(home, "b1", 6)
    with pytest.raises(NotAuditedError, match="changed after"):
        require_audit(marts_database(home), home.exports)


def test_an_export_replaces_the_last_one_and_keeps_types(tmp_path: Path) -> None:
    warehouse, folder = tmp_path / "warehouse.duckdb", tmp_path / "raw"
    with pytest.raises(HubtideError, match=r"there is no warehouse\.duckdb: load"):
        export_raw(warehouse, folder)
    fill(warehouse)
    assert export_raw(warehouse, folder)["model_names"] == 2
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from raw.model_names where name_key = 1")
    (folder / ".model_names.incoming").mkdir()  # of an export that was killed
    rows = export_raw(warehouse, folder)
    assert rows["model_names"] == 1
    assert rows["hub_stats_metadata"] == 0
    with duckdb.connect() as connection:
        read = connection.execute(f"from '{folder}/model_names/*.parquet'").fetchall()
        assert read == [(2, "x", "c/d")]
        as_of = connection.execute(f"select as_of from '{folder}/loads/*.parquet'").fetchall()
        assert as_of == [(date(2026, 5, 24),)]
        # A table without rows has its columns all the same.
        types = connection.execute(
            f"describe select tags, base_models from '{folder}/hub_stats_metadata/*.parquet'"
        ).fetchall()
    assert [kind for _, kind, *_ in types] == [
        "VARCHAR[]", "STRUCT(hub_oid VARCHAR, model_id VARCHAR)[]",
    ]  # fmt: skip
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_an_export_beside_a_build_is_one_line_without_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    fill(warehouse)
    monkeypatch.setattr("extract.warehouse.LOCK_SECONDS", 0.0)
    with (
        held(warehouse),
        pytest.raises(WarehouseLockedError, match=r"^warehouse\.duckdb is in use by") as caught,
    ):
        export_raw(warehouse, tmp_path / "raw")
    assert str(tmp_path) not in str(caught.value)
