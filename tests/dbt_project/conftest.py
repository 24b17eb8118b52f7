"""What dbt makes of the project's files, without a warehouse."""

import json
from typing import Any

import pytest

from tests.once import parsed


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """dbt's manifest of the project as it stands: parsed, nothing built."""
    content: dict[str, Any] = json.loads((parsed() / ".dbt" / "manifest.json").read_bytes())
    return content
