"""Building day by day gives the same marts, to the row, as building at once.

The daily model is incremental by month: a month is built again when the fingerprint of its inputs
changes. Days loaded late, in between, or with other content must therefore end in the same tables
as a full refresh over the same landed days.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from extract.home import Home
from extract.loading import load_source
from tests.dbt_project.running import build, differences, edited_project
from tests.once import sample_folder

SOURCES = ("hub_stats", "files", "openrouter", "tracked_models")

# Vintages are what was known when they were frozen: history differs, and must.
VINTAGES = "adoption_reference_vintages"

# Both ends of the sample's history are enough and take half the time: the first has the renamed
# organisation, the second the launches. The months between are one long gap.
LEFT_OUT = ("2025-05-01", "2025-09-30")

# First load: without the last days, without two days inside the history, and with one day whose
# content was another. The days chosen lie in different months.
WITHHELD = ("2025-10-10", "2025-10-11", "2026-01-20", "2026-03-31", "2026-04-01", "2026-04-02")
RESTATED, STAND_IN = "2025-11-18", "2025-11-17"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = shutil.copytree(sample_folder(), tmp_path_factory.mktemp("sample") / "import")
    for snapshot in (directory / "hub_stats").iterdir():
        if LEFT_OUT[0] <= snapshot.stem <= LEFT_OUT[1]:
            snapshot.unlink()
    return directory


def _load(directory: Path, home: Home) -> None:
    for source in SOURCES:
        load_source(source, directory, home)


def _first_part(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    for day in WITHHELD:
        (target / "hub_stats" / f"{day}.parquet").unlink(missing_ok=True)
    restated = target / "hub_stats" / f"{RESTATED}.parquet"
    restated.unlink()
    shutil.copy(target / "hub_stats" / f"{STAND_IN}.parquet", restated)
    return target


def _built_months(home: Home) -> dict[str, str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return dict(
            connection.execute(
                "select distinct cast(month as varchar), fingerprint from adoption.model_days"
            ).fetchall()
        )


@pytest.fixture(scope="module")
def at_once(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The whole folder loaded in order and built at once."""
    home = Home(tmp_path_factory.mktemp("once"))
    _load(folder, home)
    build(home, "--full-refresh")
    return home


def test_days_in_any_order_end_in_the_same_marts(
    folder: Path, at_once: Home, tmp_path: Path
) -> None:
    home = Home(tmp_path / "steps")
    _load(_first_part(folder, tmp_path / "part"), home)
    build(home)
    before = _built_months(home)
    _load(folder, home)
    build(home)
    after = _built_months(home)

    assert differences(home.warehouse, at_once.warehouse, VINTAGES) == {}
    changed = {month for month in after if before.get(month) != after[month]}
    assert changed == {"2025-10-01", "2025-11-01", "2026-01-01", "2026-03-01", "2026-04-01"}


def _first_line(text: str) -> str:
    return text.splitlines()[0] + "\n"


def test_an_alias_added_later_gives_the_marts_of_a_full_refresh(
    at_once: Home, tmp_path: Path
) -> None:
    """An alias joins two models into one: days that were built for both must go."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    shutil.copy(at_once.warehouse, home.warehouse)

    build(home, project=edited_project(tmp_path / "project", organization_aliases=_first_line))
    assert "dim_models" in differences(home.warehouse, at_once.warehouse, VINTAGES)
    build(home)
    assert differences(home.warehouse, at_once.warehouse, VINTAGES) == {}
