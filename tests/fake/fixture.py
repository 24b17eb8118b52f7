"""The pytest fixture. Registered with `pytest_plugins = ["tests.fake.fixture"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake.server import FakeServices


@pytest.fixture
def fake_services() -> Iterator[FakeServices]:
    """The four services, empty, on a free port of the loopback."""
    with FakeServices() as services:
        yield services
