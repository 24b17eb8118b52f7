"""The commands: what they print, how they end, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extract import cli, warehouse
from extract.errors import HubtideError
from extract.home import Home, today
from tests.extract import hubs
from tests.holding import held

Query = Callable[..., list[tuple[Any, ...]]]
DAY = date(2025, 3, 1)


@pytest.fixture(autouse=True)
def _home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTIDE_HOME", str(home.root))


@pytest.mark.parametrize("argument", [[], [""], ["EMPTY"], ["MISSING"]])
def test_import_without_anything_to_import_shows_the_layout(
    argument: list[str], tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "EMPTY" / "notes.txt").touch()
    arguments = [str(tmp_path / part) if part else part for part in argument]
    assert cli.main(["import", *arguments]) == 2
    output = capsys.readouterr()
    for part in ("hub_stats/", "readings/", "openrouter/", "tracked-models/", "manifest.csv"):
        assert part in output.out
    assert str(tmp_path) not in output.out + output.err
    assert not home.warehouse.exists()


def test_import_ends_with_a_table(
    folder: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    hubs.write_hub(folder, {DAY: [hubs.model("a/b"), hubs.model("a/c")]})
    assert cli.main(["import", str(folder)]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[-1].split() == [
        "hub_stats", "2025-03-01", "2", "2", "0", "0", "loaded",
    ]  # fmt: skip
    assert "hub_stats 2025-03: 1 partition, 2 rows read, 2 stored" in output.err
    assert cli.main(["import", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("unchanged")
    assert cli.main(["rebuild"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("loaded")
    assert cli.main(["status"]) == 0
    assert "rows: real" in capsys.readouterr().out


def test_a_failed_partition_ends_with_one_line_and_status_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hubs.write_hub(folder, {DAY: []})
    hubs.write_manifest(folder, [("hub_stats/other.parquet", "", 0, "")])
    assert cli.main(["import", str(folder)]) == 1
    output = capsys.readouterr()
    errors = [line for line in output.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "hub_stats 2025-03-01: the delivery has no rows" in errors[0]
    assert "manifest.csv names hub_stats/other.parquet" in output.err
    assert cli.main(["status"]) == 0
    assert "failed: hub_stats 2025-03-01" in capsys.readouterr().out


def test_only_one_source(folder: Path, raw: Query) -> None:
    hubs.write_hub(folder, {DAY: [hubs.model("a/b")]})
    readings = folder / "readings" / "r.csv"
    readings.parent.mkdir()
    readings.write_text("as_of,model_id,downloads_30d\n2026-01-01,a/b,1\n")
    assert cli.main(["import", str(folder), "--source", "files"]) == 0
    assert raw("select source from raw.loads") == [("files",)]
    assert cli.main(["import", str(folder), "--source", "openrouter"]) == 2


def test_a_locked_warehouse_is_one_line(
    folder: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hubs.write_hub(folder, {DAY: [hubs.model("a/b")]})
    home.root.mkdir()
    monkeypatch.setattr(warehouse, "LOCK_SECONDS", 0.0)
    with held(home.warehouse) as holder:
        assert cli.main(["import", str(folder)]) == 1
        output = capsys.readouterr().err
    assert output.strip().splitlines() == [
        f"error: warehouse.duckdb is in use by process {holder.pid}: end it or wait for it, "
        "then run this again"
    ]
    assert not home.landing.exists()


def test_nothing_to_rebuild_or_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert cli.main(["rebuild"]) == 1
    assert "nothing has landed yet" in capsys.readouterr().err


def test_home_and_today(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Home.from_env() == home
    assert home.imports == home.root / "data" / "import"
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-01-02")
    assert today() == date(2026, 1, 2)
    monkeypatch.setenv("HUBTIDE_TODAY", "tomorrow")
    with pytest.raises(HubtideError, match="HUBTIDE_TODAY is 'tomorrow': write a date"):
        today()
