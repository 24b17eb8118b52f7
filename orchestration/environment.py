"""Where state lies, and the environment variables that dbt and Dagster read.

All state lies under HUBTIDE_HOME (docs/operations.md, State). Values that a user has set are kept,
but usage statistics are always off.
"""

import importlib.util
import os
import tempfile
from pathlib import Path

from extract.errors import HubtideError, disk_errors
from extract.home import Home
from orchestration import engine

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
INSTANCE_TEMPLATE = Path(__file__).with_name("dagster.yaml")
POSTGRES_TEMPLATE = Path(__file__).with_name("dagster_postgres.yaml")
POSTGRES_URL = "HUBTIDE_DAGSTER_POSTGRES_URL"
# What each template says of storage; all else is the same for both.
SQLITE_SECTION = "event_log_storage"

STATISTICS_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}

# dbt's own log: a line a node. Its default notes each statement and connection besides, under
# Dagster in JSON: eleven megabytes and a tenth of dbt's time on the sample.
DBT_LOG = {"DBT_LOG_LEVEL_FILE": "info", "DBT_LOG_FORMAT_FILE": "text"}


def prepare() -> Home:
    """Set the process's environment for Dagster and dbt, and create DAGSTER_HOME.

    Idempotent. HUBTIDE_HOME becomes absolute, because dbt runs in its own folder.

    Raises HubtideError where the engine or its memory is set to what there is not, where Postgres
    is asked for and cannot be had, and where nothing can be written.
    """
    for name in (engine.TARGET, engine.MEMORY_LIMIT):
        # To dbt an empty value is one too.
        if not os.environ.get(name):
            os.environ.pop(name, None)
    engine.target()
    engine.memory_limit()
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
    for name, value in DBT_LOG.items():
        os.environ.setdefault(name, value)
    with disk_errors("DAGSTER_HOME", "dagster.yaml"):
        _write_instance_configuration(Path(os.environ["DAGSTER_HOME"]))
    return Home.from_env()


def dbt_target() -> Path:
    """Where dbt keeps its manifest and its parse cache: one folder a HUBTIDE_HOME."""
    return Path(os.environ["DBT_TARGET_PATH"])


def _write_instance_configuration(dagster_home: Path) -> None:
    dagster_home.mkdir(parents=True, exist_ok=True)
    target = dagster_home / "dagster.yaml"
    wanted = _instance_configuration()
    if target.exists() and target.read_bytes() == wanted:
        return
    # Several processes of `dagster dev` come here at once: none may see half a file.
    handle, temporary = tempfile.mkstemp(dir=dagster_home, prefix=".dagster.yaml.")
    with os.fdopen(handle, "wb") as file:
        file.write(wanted)
    Path(temporary).replace(target)


def _instance_configuration() -> bytes:
    """dagster.yaml as the environment asks for it: run history in SQLite, or in Postgres."""
    template = INSTANCE_TEMPLATE.read_bytes()
    url = os.environ.get(POSTGRES_URL, "")
    if not url:
        return template
    # SQLAlchemy 2.1 takes a plain postgresql:// for the other driver, which is not installed.
    if not url.startswith("postgresql+psycopg2://"):
        raise HubtideError(
            f"{POSTGRES_URL}: write postgresql+psycopg2://user:password@host:5432/database"
        )
    if importlib.util.find_spec("dagster_postgres") is None:
        raise HubtideError(
            f"{POSTGRES_URL} is set, and dagster-postgres is not installed: "
            "install requirements-postgres.lock too (docs/deployment.md, Postgres)"
        )
    # Not needed, and not loaded, for SQLite: commands shall answer at once.
    import yaml

    settings = yaml.safe_load(template)
    del settings[SQLITE_SECTION]
    settings |= yaml.safe_load(POSTGRES_TEMPLATE.read_bytes())
    heading = f"# From {INSTANCE_TEMPLATE.name} and {POSTGRES_TEMPLATE.name}; written anew.\n"
    text: str = yaml.safe_dump(settings, sort_keys=False)
    return (heading + text).encode()
