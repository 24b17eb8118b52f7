"""Sources are loaded once: before the run where a command can, else by their assets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from extract.errors import HubtideError, PartitionBusyError, WarehouseLockedError
from extract.home import Home
from extract.loading import LoadResult
from extract.warehouse import connect
from orchestration import loads
from orchestration.costs import Step
from orchestration.loads import Loaded, load, load_ahead, summary
from orchestration.sources import SOURCES

READINGS = "as_of,model_id,downloads_30d\n2026-01-05,a/b,7\n"


def folder_of(path: Path, readings: str) -> str:
    """An import folder of one file of readings."""
    (path / "readings").mkdir(parents=True)
    (path / "readings" / "week.csv").write_text(readings)
    return str(path)


def tries(home: Home) -> list[tuple[str, str]]:
    """Partition and status of each load of the ledger."""
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(
            "select partition, status from raw.loads order by load_id"
        ).fetchall()


def test_what_is_loaded_ahead_is_taken_once(at_home: Callable[[], Home]) -> None:
    home = at_home()
    folder_of(home.imports, READINGS)
    seconds = load_ahead(home)
    assert tries(home) == [("week", "loaded")]
    taken = load("files", "", home)
    assert [(result.partition, result.status) for result in taken.results] == [("week", "loaded")]
    assert (taken.cost.step, taken.cost.rows_in, taken.cost.rows_out) == ("load files", 1, 1)
    assert 0 < taken.cost.seconds <= seconds
    again = load("files", "", home)
    assert [(result.partition, result.status) for result in again.results] == [
        ("week", "unchanged")
    ]


def test_another_folder_is_not_taken_for_it(at_home: Callable[[], Home], tmp_path: Path) -> None:
    home = at_home()
    folder_of(home.imports, READINGS)
    load_ahead(home)
    other = folder_of(tmp_path / "other", READINGS.replace(",7", ",8"))
    assert "supersedes" in load("files", other, home).results[0].note


def test_what_fails_ahead_is_tried_once_and_told_by_the_asset(at_home: Callable[[], Home]) -> None:
    home = at_home()
    folder_of(home.imports, "when,who\n2026-01-01,a/b\n")
    load_ahead(home)
    with pytest.raises(HubtideError, match="files week has no column"):
        load("files", "", home)
    assert tries(home) == [("week", "failed")]
    # The other sources are not held up by it.
    assert load("openrouter", "", home).results == []


def test_what_nobody_thought_of_fails_the_run_not_the_command_before_it(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = at_home()

    def crash(*_: object) -> Loaded:
        raise KeyError("inner")

    monkeypatch.setattr(loads, "_load", crash)
    load_ahead(home)
    with pytest.raises(KeyError, match="inner"):
        load("files", "", home)


@pytest.mark.parametrize("busy", [WarehouseLockedError, PartitionBusyError])
def test_where_another_process_is_at_work_the_assets_wait_for_their_turn(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch, busy: type[HubtideError]
) -> None:
    home = at_home()
    asked: list[str] = []

    def load_or_not(source: str, _directory: str, _home: Home) -> Loaded:
        asked.append(source)
        if source == SOURCES[1].name and len(asked) == 2:
            raise busy
        return Loaded([], Step(f"load {source}"))

    monkeypatch.setattr(loads, "_load", load_or_not)
    load_ahead(home)
    names = [source.name for source in SOURCES]
    assert asked == names[:2]
    for name in names:
        load(name, "", home)
    # The first was done ahead; the others are loaded now.
    assert asked == names[:2] + names[1:]


def test_what_replaces_an_earlier_delivery_is_told() -> None:
    results = [
        LoadResult("files", name, "loaded", 2, 2, 0, 0, 0.1, note)
        for name, note in [("a", ""), ("weekly", "supersedes load 3")]
    ]
    assert summary("files", results) == (
        "files: 2 partitions loaded (1 in place of what they held before), 0 already there; "
        "4 rows read, 4 stored, 0 rejected"
    )


def test_a_source_without_a_part_says_so() -> None:
    assert summary("files", []) == "files: nothing to load"
