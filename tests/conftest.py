"""Fixtures of the whole: the sample's pipeline, run once, and the real rows, where they are."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract.home import Home

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
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DBT_", "DAGSTER_", "HUBTIDE_", "HF_", "OPENROUTER_"))
    }
    return {
        **kept,
        "HUBTIDE_HOME": str(root),
        # A token that lies in the user's own folder is nothing for a test.
        "HF_HOME": str(root / ".huggingface"),
        **(more or {}),
    }


def run_module(root: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run `python -m …` from the project folder with its state in `root`."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT_ROOT,
        env=environment_for(root, environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(Home(root), done.returncode, done.stdout, done.stderr)


# Modules that take a minute or more: begun first, so that no core waits for them at the end.
LONG = (
    "test_live_five_days",
    "test_random_hubs",
    "test_incremental",
    "test_choices",
    "test_unit_tests",
    "test_killed",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """`make run`, once for all tests; nobody may write to its home."""
    ran = run_module(tmp_path_factory.mktemp("sample_home"), "orchestration", "run")
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran


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
def real_run(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Ran:
    """The import of the real rows, once for all tests; nobody may write to its home."""
    ran = run_module(
        tmp_path_factory.mktemp("real_home"), "orchestration", "import", str(shared_data)
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran


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
