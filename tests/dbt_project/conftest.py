"""What dbt makes of the project's files, without a warehouse."""

import json
from typing import Any

import pytest

from orchestration.environment import DBT_PROJECT_DIR
from orchestration.manifest import parse_if_stale


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """dbt's manifest of the project as it stands: parsed, nothing built."""
    home = tmp_path_factory.mktemp("parsed")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HUBTIDE_HOME", str(home))
        environment.setenv("DBT_LOG_PATH", str(home / "logs"))
        parse_if_stale(DBT_PROJECT_DIR, home / "target")
    parsed: dict[str, Any] = json.loads((home / "target" / "manifest.json").read_bytes())
    return parsed
