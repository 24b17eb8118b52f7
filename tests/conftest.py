"""Fixtures of the whole: the sample's pipeline, run once, and the real rows, where they are."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract.home import Home
from tests import once

PROJECT_ROOT = Path(__file__).resolve().parent.parent

# Real rows lie beside the project where they are at hand; they are never part of it.
SHARED_DATA = PROJECT_ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Ran:
    """A command that has run: where its state lies, and what it said."""

    home: Home
    returncode: int
    stdout: str
    stderr: str


def environment_for(root: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command whose state lies in `root`, without this machine's settings."""
    return {**once.environment_of(root), **(more or {})}


def run_module(
    root: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    parsed: bool = True,
) -> Ran:
    """Run `python -m …` from the project folder with its state in `root`.

    `parsed`: a home whose project was never parsed gets what dbt keeps of parsing it.
    """
    if parsed:
        once.lend_parsed(root.resolve(), root / ".dbt")
        # dbt's log file costs a tenth of a build, and nobody reads it here.
        environment = {"DBT_LOG_LEVEL_FILE": "none", **(environment or {})}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT_ROOT,
        env=environment_for(root, environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(Home(root), done.returncode, done.stdout, done.stderr)


# Modules that take half a minute or more: begun first, so that no core waits for them at the end.
# The first makes the sample while the second, which does not need it, runs beside it.
LONG = (
    "test_parity",
    "test_live_five_days",
    "test_sample_end_to_end",
    "test_random_hubs",
    "test_incremental",
    "test_choices",
    "test_unit_tests",
    "test_import_real_rows",
)


def pytest_configure(config: pytest.Config) -> None:
    """Modules go to the processes in the order below; xdist alone would give out those with the
    most tests first, and those that take longest have few."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the processes of this session keep what they share."""
    base = tmp_path_factory.getbasetemp()
    once.root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    once.root.mkdir(exist_ok=True)


def _run_once(name: str, *arguments: str, parsed: bool = True) -> Ran:
    """A command that must succeed, run in one process for all."""

    def run(folder: Path) -> None:
        ran = run_module(folder / "home", *arguments, parsed=parsed)
        assert ran.returncode == 0, ran.stderr[-4000:]
        (folder / "said.json").write_text(json.dumps([ran.stdout, ran.stderr]), encoding="utf-8")

    folder = once.once(name, run)
    stdout, stderr = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return Ran(Home(folder / "home"), 0, stdout, stderr)


@pytest.fixture(scope="session")
def sample_run() -> Ran:
    """`make run` in a fresh clone, once for all tests; nobody may write to its home."""
    return _run_once("sample", "orchestration", "run", parsed=False)


@pytest.fixture(scope="session")
def sample_home(sample_run: Ran) -> Home:
    """The home of the sample after `make run`."""
    return sample_run.home


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real rows; skips the test where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real rows beside the project (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def real_run(shared_data: Path) -> Ran:
    """The import of the real rows, once for all tests; nobody may write to its home."""
    return _run_once("real", "orchestration", "import", str(shared_data))


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Home]]:
    """Sets this process's environment to a fresh home, and puts it back afterwards."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("DBT_", "DAGSTER_", "HUBTIDE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HUBTIDE_HOME", str(tmp_path))
    yield Home.from_env
    os.environ.clear()
    os.environ.update(before)
