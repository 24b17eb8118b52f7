"""Opening the warehouse while another process has it open."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extract import warehouse
from extract.errors import HubtideError, WarehouseLockedError
from extract.home import Home
from extract.warehouse import Warehouse, connect
from tests.holding import held


@pytest.fixture
def path(home: Home) -> Path:
    with Warehouse.open(home):
        pass
    return home.warehouse


@pytest.mark.parametrize("looks", [True, False])
def test_a_glance_at_the_warehouse_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    with held(path, read_only=looks) as holder:
        monkeypatch.setattr(time, "sleep", lambda _: holder.communicate())
        with connect(path, read_only=not looks) as con:
            assert con.execute("select count(*) from raw.loads").fetchall() == [(0,)]


def test_who_holds_it_for_longer_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(warehouse, "LOCK_SECONDS", 1.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    with held(path) as holder, pytest.raises(WarehouseLockedError) as caught:
        connect(path)
    assert str(caught.value) == (
        f"warehouse.duckdb is in use by process {holder.pid}: end it or wait for it, then run "
        "this again"
    )
    assert 1.0 <= sum(pauses) < 1.5
    assert max(pauses) <= 0.5


def no_file(path: Path) -> None:
    path.unlink()


def no_database(path: Path) -> None:
    path.write_bytes(b"no database" * 2000)


@pytest.mark.parametrize("spoil", [no_file, no_database])
def test_nothing_else_is_waited_for(
    home: Home, path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    # A folder whose name DuckDB's message has, and with it the word.
    moved = home.root / "blocks" / "warehouse.duckdb"
    moved.parent.mkdir()
    path.rename(moved)
    spoil(moved)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    with pytest.raises(HubtideError, match=r"^warehouse\.duckdb cannot be opened: ") as caught:
        connect(moved, read_only=True)
    assert not isinstance(caught.value, WarehouseLockedError)
    assert str(home.root) not in str(caught.value)
