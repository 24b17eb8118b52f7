"""dbt that has parsed and waits: what it says where it cannot parse, and who gets it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from extract.home import Home
from orchestration import waiting_dbt
from orchestration.environment import DBT_PROJECT_DIR, dbt_target, prepare
from orchestration.manifest import ManifestError, Mark
from tests.dbt_project.running import edited_project
from tests.once import lend_parsed


def test_it_parses_takes_one_command_and_runs_it(at_home: Callable[[], Home]) -> None:
    home = at_home()
    prepare()
    lend_parsed(home.root.resolve(), dbt_target())
    with waiting_dbt.started(DBT_PROJECT_DIR, dbt_target()) as dbt:
        dbt.wait()
        assert Mark.of(DBT_PROJECT_DIR, dbt_target()).fits()
        assert waiting_dbt.take() is dbt
        assert waiting_dbt.take() is None
        process = dbt.run(["seed", "--select", "size_buckets"], {"DBT_LOG_FORMAT": "json"})
        assert process.stdout is not None
        with process.stdout as output:
            said = output.read().decode()
        assert process.wait() == 0, said
    assert '"unique_id":"seed.hubtide.size_buckets"' in said.replace(" ", "")
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from seeds.size_buckets").fetchall() > [(0,)]


def test_a_project_that_cannot_be_parsed_is_told_in_one_line(
    at_home: Callable[[], Home], tmp_path: Path
) -> None:
    at_home()
    prepare()
    project = edited_project(tmp_path / "project")
    (project / "models" / "broken.sql").write_text("select * from {{ ref('nowhere') }}\n")
    with (
        waiting_dbt.started(project, dbt_target()) as dbt,
        pytest.raises(ManifestError, match=r"^dbt parse failed: .*nowhere") as caught,
    ):
        dbt.wait()
    assert "\n" not in str(caught.value)
    assert not Mark.of(project, dbt_target()).fits()


def test_one_that_nobody_takes_is_ended(at_home: Callable[[], Home]) -> None:
    at_home()
    prepare()
    with waiting_dbt.started(DBT_PROJECT_DIR, dbt_target()) as dbt:
        pass
    assert waiting_dbt.take() is None
    assert dbt.has_ended


def test_a_line_before_it_has_parsed_does_not_stop_it(
    at_home: Callable[[], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning of Python's or of the machine's loader, at the start of the process."""
    home = at_home()
    prepare()
    lend_parsed(home.root.resolve(), dbt_target())
    (tmp_path / "sitecustomize.py").write_text('print("a warning", flush=True)\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with waiting_dbt.started(DBT_PROJECT_DIR, dbt_target()) as dbt:
        dbt.wait()
        assert Mark.of(DBT_PROJECT_DIR, dbt_target()).fits()
