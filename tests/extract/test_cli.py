"""The commands: what they print, how they end, and what they leave alone."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
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


def test_a_full_disk_while_files_land_is_one_line(
    folder: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hubs.write_hub(folder, {DAY: [hubs.model("a/b")]})

    def fill(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", fill)
        assert cli.main(["import", str(folder)]) == 1
    assert capsys.readouterr().err == (
        "error: hub_stats 2025-03-01: 2025-03-01.parquet cannot be written (No space left on "
        "device); make room and run this again: what has landed is kept\n"
    )
    # What had been written of it takes no room either.
    assert list((home.landing / "hub_stats" / "2025-03-01").iterdir()) == []
    assert cli.main(["import", str(folder)]) == 0


def a_file_as_home(home: Home, _: Path) -> str:
    home.root.write_text("")
    return "HUBTIDE_HOME leads to a file: name a folder"


def a_file_as_target(_: Home, folder: Path) -> str:
    (folder / "out").write_text("")
    return "'out' is a file: name a folder"


def another_database(home: Home, folder: Path) -> str:
    home.root.mkdir()
    duckdb.connect(str(home.warehouse)).close()
    return "warehouse.duckdb has no schema `raw`: import a folder first"


def no_database(home: Home, folder: Path) -> str:
    home.root.mkdir()
    home.warehouse.write_bytes(b"no database" * 2000)
    return "warehouse.duckdb cannot be opened: "


def overlong_manifest(_: Home, folder: Path) -> str:
    (folder / "manifest.csv").write_text(f"file,as_of,days_early\n{'x' * 131_073},,0\n")
    return "manifest.csv cannot be read (field larger than field limit (131072)): "


def a_folder_as_manifest(_: Home, folder: Path) -> str:
    (folder / "manifest.csv").mkdir()
    return "manifest.csv cannot be read (Is a directory): "


Spoil = Callable[[Home, Path], str]


@pytest.mark.parametrize(
    ("command", "spoil"),
    [
        (["status"], a_file_as_home),
        (["rebuild"], a_file_as_home),
        (["import", "IMPORT"], a_file_as_home),
        (["sample", "IMPORT/out"], a_file_as_target),
        (["parquet", "IMPORT/out"], a_file_as_target),
        (["status"], another_database),
        (["status"], no_database),
        (["import", "IMPORT"], overlong_manifest),
        (["import", "IMPORT"], a_folder_as_manifest),
    ],
)
def test_what_is_not_as_it_should_be_is_one_line(
    folder: Path, home: Home, capsys: pytest.CaptureFixture[str], command: list[str], spoil: Spoil
) -> None:
    line = spoil(home, folder)
    arguments = [argument.replace("IMPORT", str(folder)) for argument in command]
    assert cli.main(arguments) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"error: {line}")
    assert output.err.count("\n") == 1
    assert str(folder.parent) not in output.err


def test_what_nobody_thought_of_is_one_line_or_a_traceback_for_who_asks(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder / "mine.csv"))

    monkeypatch.setattr(cli, "_import", refuse)
    assert cli.main(["import", str(folder)]) == 1
    assert capsys.readouterr().err == "error: [Errno 13] Permission denied: 'mine.csv'\n"
    monkeypatch.setenv("HUBTIDE_TRACEBACK", "1")
    with pytest.raises(PermissionError):
        cli.main(["import", str(folder)])


def test_nothing_to_rebuild_or_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert cli.main(["rebuild"]) == 1
    assert "nothing has landed yet" in capsys.readouterr().err


def test_home_and_today(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Home.from_env() == home
    assert home.imports == home.root / "data" / "import"
    for letter in "#%?*":
        monkeypatch.setenv("HUBTIDE_HOME", str(home.root / f"a{letter}b" / "c"))
        with pytest.raises(HubtideError) as caught:
            Home.from_env()
        assert str(caught.value).startswith(f"the path of HUBTIDE_HOME has a '{letter}', which ")
        assert str(home.root) not in str(caught.value)
    monkeypatch.setenv("HUBTIDE_HOME", str(home.root / "it's [a] {b} &c=d;e, ü"))
    assert Home.from_env().root.name == "it's [a] {b} &c=d;e, ü"
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-01-02")
    assert today() == date(2026, 1, 2)
    monkeypatch.setenv("HUBTIDE_TODAY", "tomorrow")
    with pytest.raises(HubtideError, match="HUBTIDE_TODAY is 'tomorrow': write a date"):
        today()


def test_a_set_day_is_one_with_which_something_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_year = datetime.now(UTC).date() + timedelta(days=366)
    for day in (date(2022, 1, 1), in_a_year):
        monkeypatch.setenv("HUBTIDE_TODAY", str(day))
        assert today() == day
    for day in (date.min, date(2021, 12, 31), in_a_year + timedelta(days=2), date.max):
        monkeypatch.setenv("HUBTIDE_TODAY", str(day))
        with pytest.raises(HubtideError) as caught:
            today()
        line = str(caught.value)
        assert line.startswith(f"HUBTIDE_TODAY is {day}: write a day from 2022-01-01 to 20")
