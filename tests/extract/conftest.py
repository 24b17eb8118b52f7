from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from extract.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "import"
    path.mkdir()
    return path


@pytest.fixture
def raw(home: Home) -> Callable[..., list[tuple[object, ...]]]:
    """Query the warehouse; each call opens and closes it."""

    def query(sql: str, *values: object) -> list[tuple[object, ...]]:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            return con.execute(sql, list(values)).fetchall()

    return query
