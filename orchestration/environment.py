"""Where state lies, and the environment variables that dbt and Dagster read.

All state lies under HUBTIDE_HOME (docs/operations.md, State). Values that a user has set are kept,
but usage statistics are always off.
"""

import os
import shutil
import tempfile
from pathlib import Path

from extract.home import Home

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
INSTANCE_TEMPLATE = Path(__file__).with_name("dagster.yaml")

STATISTICS_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def prepare() -> Home:
    """Set the process's environment for Dagster and dbt, and create DAGSTER_HOME.

    Idempotent. HUBTIDE_HOME becomes absolute, because dbt runs in its own folder.
    """
    home = Home.from_env()
    root = home.root.resolve()
    os.environ.update(STATISTICS_OFF)
    os.environ["HUBTIDE_HOME"] = str(root)
    for name, default in (
        ("DAGSTER_HOME", root / ".dagster"),
        ("DBT_TARGET_PATH", root / ".dbt"),
        ("DBT_LOG_PATH", root / ".dbt"),
    ):
        os.environ[name] = str(Path(os.environ.get(name) or default).absolute())
    _write_instance_configuration(Path(os.environ["DAGSTER_HOME"]))
    return Home.from_env()


def dbt_target() -> Path:
    """Where dbt keeps its manifest and its parse cache: one folder a HUBTIDE_HOME."""
    return Path(os.environ["DBT_TARGET_PATH"])


def _write_instance_configuration(dagster_home: Path) -> None:
    dagster_home.mkdir(parents=True, exist_ok=True)
    target = dagster_home / "dagster.yaml"
    if target.exists() and target.read_bytes() == INSTANCE_TEMPLATE.read_bytes():
        return
    # Several processes of `dagster dev` come here at once: none may see half a file.
    handle, temporary = tempfile.mkstemp(dir=dagster_home, prefix=".dagster.yaml.")
    os.close(handle)
    shutil.copyfile(INSTANCE_TEMPLATE, temporary)
    Path(temporary).replace(target)
