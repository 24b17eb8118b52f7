"""A disk that is full is told as that, before a build where it can be known."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from extract.home import Home
from orchestration import cli
from orchestration.disk import explained, shortage
from orchestration.publishing import CURRENT

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose current build has 30 MB."""
    home = Home(tmp_path)
    build = home.exports / "builds" / "20260101T000000Z-0"
    build.mkdir(parents=True)
    (build / "marts.duckdb").write_bytes(bytes(30_000_000))
    (home.exports / CURRENT).symlink_to(Path("builds") / build.name)
    return home


def _leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))


@pytest.mark.parametrize(("free", "is_enough"), [(39_999_999, False), (40_000_000, True)])
def test_a_build_needs_room_beside_the_current_one(
    home: Home, monkeypatch: pytest.MonkeyPatch, free: int, is_enough: bool
) -> None:
    _leave(monkeypatch, free)
    line = shortage(home)
    assert (line is None) == is_enough
    if line is not None:
        assert line.startswith("the disk has 39 MB left and a build needs 40 at least: make room")
        assert line.endswith("readers keep build 20260101T000000Z-0")


@pytest.mark.parametrize(
    "line",
    [
        "IO Error: Could not write file: No space left on device",
        '(sqlite3.OperationalError) disk I/O error [SQL: PRAGMA main.table_xinfo("runs")]',
        "(sqlite3.OperationalError) database or disk is full",
    ],
)
def test_what_a_full_disk_breaks_is_told_as_that(
    home: Home, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """DuckDB has given its temporary files back by then: there is room again."""
    _leave(monkeypatch, 10**9)
    told = explained(line, home)
    assert told.startswith("the disk is full (1,000 MB left): make room and run the same command")
    assert "readers keep build 20260101T000000Z-0" in told
    assert line in told


def test_a_failure_without_any_room_is_one_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave(monkeypatch, 9_999_999)
    told = explained("1 of 3 failed", Home(tmp_path / "not" / "yet"))
    assert told.startswith("the disk is full (9 MB left)")
    assert "nothing was published" in told


def test_other_failures_are_told_as_they_are(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _leave(monkeypatch, 10**9)
    assert explained("1 of 3 failed", home) == "1 of 3 failed"


def test_a_command_ends_before_it_begins(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUBTIDE_HOME", str(home.root))
    _leave(monkeypatch, 20_000_000)
    assert cli.main(["build"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hubtide: the disk has 20 MB left and a build needs 40 at least")
    assert not home.warehouse.exists()
