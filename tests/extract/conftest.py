from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from extract.home import Home
from tests.extract import live
from tests.fake.server import FakeServices


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


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The services on the loopback, and an environment that leads there; no token."""
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with FakeServices() as services:
        services.hub.day = live.DAY
        for name, value in services.environment().items():
            monkeypatch.setenv(name, value)
        yield services
