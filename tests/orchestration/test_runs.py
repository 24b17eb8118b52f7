"""Runs and their one line when they fail."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster import DagsterRunStatus
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG

from extract.home import Home
from extract.warehouse import SCHEMA
from orchestration import cli, ledger
from orchestration.cli import main
from orchestration.dbt import first_failure
from orchestration.environment import prepare
from orchestration.progress import DbtProgress, throttled
from orchestration.runs import (
    PROCESS_TAG,
    RunFailedError,
    execute,
    instance,
    is_in_progress,
    process_mark,
    release_abandoned_runs,
)
from tests.conftest import Ran, run_module


@dg.op
def breaks() -> None:
    raise dg.Failure("files readings/a.csv, row 3: no model_id; correct the row")


@dg.op
def crashes() -> None:
    try:
        raise KeyError("inner\nline")
    except KeyError as error:
        raise RuntimeError("outer") from error


@dg.job
def breaking_job() -> None:
    breaks()


@dg.job
def crashing_job() -> None:
    crashes()


def test_a_failure_is_one_line_without_a_traceback(
    at_home: Callable[[], Home], capfd: pytest.CaptureFixture[str]
) -> None:
    prepare()
    with instance() as opened:
        with pytest.raises(RunFailedError) as caught:
            execute(breaking_job, {}, opened)
        assert str(caught.value) == "files readings/a.csv, row 3: no model_id; correct the row"
        with pytest.raises(RunFailedError, match=r"^crashes: KeyError: 'inner\\nline'$"):
            execute(crashing_job, {}, opened)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_killed_run_gives_back_its_place_in_the_pool(at_home: Callable[[], Home]) -> None:
    prepare()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with instance() as opened:
        opened.event_log_storage.set_concurrency_slots("duckdb_writer", 1)
        runs = {}
        for pid in (gone.pid, os.getpid()):
            run = opened.create_run_for_job(breaking_job, status=DagsterRunStatus.STARTED)
            opened.add_run_tags(run.run_id, {PROCESS_TAG: process_mark(run.run_id, pid)})
            runs[pid] = run
        # Executed again: it has the tags of the killed run until its first step marks it.
        again = opened.create_run_for_job(
            breaking_job,
            tags={PROCESS_TAG: process_mark(runs[gone.pid].run_id, gone.pid)},
            status=DagsterRunStatus.STARTED,
        )
        dead, alive = runs[gone.pid], runs[os.getpid()]
        opened.event_log_storage.claim_concurrency_slot("duckdb_writer", dead.run_id, "step")
        assert release_abandoned_runs(opened) == [dead.run_id]
        status = {run.run_id: run.status for run in opened.get_runs()}
        assert status[dead.run_id] == DagsterRunStatus.FAILURE
        assert status[alive.run_id] == DagsterRunStatus.STARTED
        assert status[again.run_id] == DagsterRunStatus.STARTED
        claim = opened.event_log_storage.claim_concurrency_slot(
            "duckdb_writer", alive.run_id, "step"
        )
        assert claim.is_claimed


@dg.op(pool="duckdb_writer")
def writes() -> None:
    pass


@dg.job
def writing_job() -> None:
    writes()


@pytest.fixture
def held_place(at_home: Callable[[], Home]) -> Iterator[subprocess.Popen[bytes]]:
    """A living process, whose run has the pool's one place."""
    prepare()
    holder = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with instance() as opened:
        opened.event_log_storage.set_concurrency_slots("duckdb_writer", 1)
        run = opened.create_run_for_job(breaking_job, status=DagsterRunStatus.STARTED)
        opened.add_run_tags(run.run_id, {PROCESS_TAG: process_mark(run.run_id, holder.pid)})
        opened.event_log_storage.claim_concurrency_slot("duckdb_writer", run.run_id, "step")
    yield holder
    holder.kill()
    holder.wait()


def test_a_run_that_waits_goes_on_once_the_process_before_it_is_killed(
    held_place: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        held_place.kill()
        held_place.wait()

    monkeypatch.setattr("orchestration.runs.time.sleep", pause)
    monkeypatch.setattr("dagster._core.execution.plan.instance_concurrency_context"
                        "._calculate_timeout_interval", lambda *_: 0)  # fmt: skip
    with instance() as opened:
        execute(writing_job, {}, opened)
        (ran,) = opened.get_runs(dg.RunsFilter(job_name="writing_job"))
    assert ran.status == DagsterRunStatus.SUCCESS
    # Not killed before its first pause, and without one it would ask for ever.
    assert pauses
    assert min(pauses) > 0
    # It could be told from a living one before its first step.
    assert ran.tags[PROCESS_TAG] == process_mark(ran.run_id, os.getpid())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_waits_can_be_stopped(
    held_place: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    assert held_place.poll() is None
    monkeypatch.setattr("orchestration.runs.time.sleep", lambda _: signal.raise_signal(number))
    before = signal.signal(number, signal.default_int_handler)
    try:
        with instance() as opened, pytest.raises(KeyboardInterrupt):
            execute(writing_job, {}, opened)
    finally:
        signal.signal(number, before)


def test_a_run_of_another_machine_is_over_when_its_job_may_last_no_longer(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare()
    with instance() as opened:
        run = opened.create_run_for_job(
            breaking_job,
            tags={MAX_RUNTIME_SECONDS_TAG: "600"},
            status=DagsterRunStatus.STARTED,
        )
        opened.add_run_tags(run.run_id, {PROCESS_TAG: f"elsewhere:1:{run.run_id}"})
        assert release_abandoned_runs(opened) == []
        later = time.time() + 601
        monkeypatch.setattr("orchestration.runs.time.time", lambda: later)
        assert release_abandoned_runs(opened) == [run.run_id]


def test_a_run_is_in_progress_while_its_process_lives(at_home: Callable[[], Home]) -> None:
    prepare()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with instance() as opened:
        killed = opened.create_run_for_job(breaking_job, status=DagsterRunStatus.STARTED)
        opened.add_run_tags(killed.run_id, {PROCESS_TAG: process_mark(killed.run_id, gone.pid)})
        opened.create_run_for_job(breaking_job, status=DagsterRunStatus.SUCCESS)
        assert not is_in_progress(opened)
        opened.create_run_for_job(breaking_job, status=DagsterRunStatus.NOT_STARTED)
        assert is_in_progress(opened)


def test_an_import_without_a_folder_shows_the_layout(tmp_path: Path) -> None:
    for arguments in ([], [""], [str(tmp_path)], [str(tmp_path / "nowhere")]):
        ran = run_module(tmp_path / "home", "orchestration", "import", *arguments)
        assert ran.returncode != 0
        assert "readings" in ran.stdout
        assert "Traceback" not in ran.stderr


def test_a_headline_before_the_first_build_is_refused(
    at_home: Callable[[], Home], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["headline"]) == 1
    assert capsys.readouterr().err.startswith("hubtide: nothing is published yet")


def test_a_broken_file_fails_the_import_with_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "readings").mkdir(parents=True)
    (folder / "readings" / "a.csv").write_text("when,who\n2026-01-01,a/b\n")
    (folder / "readings" / "b.CSV").write_text("as_of,model_id,downloads_30d\n")
    (folder / "manifest.csv").write_text("file,as_of,days_early\na.csv,2026-01-05,4\n")
    ran = run_module(tmp_path / "home", "orchestration", "import", str(folder))
    assert ran.returncode != 0
    said = ran.stderr.strip().splitlines()
    assert said[0] == "manifest.csv names a.csv, which is not in the folder"
    assert said[1] == (
        "readings/b.CSV is not read: readings/ has files that end in .csv or .csv.gz"
    )
    last = said[-1]
    assert last.startswith("hubtide: ")
    assert "files a has no column" in last
    assert str(tmp_path) not in last
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "home" / "exports" / "current").exists()


def test_the_sample_reports_progress_and_no_debug_noise(sample_run: Ran) -> None:
    assert "hub_stats: " in sample_run.stderr
    assert "dbt: " in sample_run.stderr
    assert "DEBUG" not in sample_run.stderr
    assert len(sample_run.stderr.splitlines()) < 80


def test_the_first_failing_node_is_named() -> None:
    manifest = {
        "nodes": {
            "model.hubtide.models": {"name": "models", "schema": "buckets"},
            "test.hubtide.not_null_models_org.1": {
                "name": "not_null_models_org",
                "column_name": "org",
                "attached_node": "model.hubtide.models",
            },
        }
    }

    def line(unique_id: str, status: str, message: str) -> str | None:
        results = [
            {"unique_id": "model.hubtide.fine", "status": "success", "message": "OK"},
            {"unique_id": unique_id, "status": status, "message": message},
        ]
        return first_failure({"results": results}, manifest)

    message = "Runtime Error in model models (models/buckets/models.sql)\n  Binder Error: no\n  x"
    assert line("model.hubtide.models", "error", message) == (
        "dbt model buckets.models failed: Binder Error: no x"
    )
    assert line("test.hubtide.not_null_models_org.1", "fail", "Got 3 results") == (
        "dbt test not_null_models_org on models.org failed: Got 3 results"
    )
    assert line("model.hubtide.models", "success", "OK") is None


def test_a_broken_grain_says_which_of_its_rules_is_broken(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table days as select 'day is null' as broken from range(2)")
    node = {
        "name": "grain_days",
        "attached_node": "model.hubtide.days",
        "test_metadata": {"name": "grain"},
    }
    result = {
        "unique_id": "test.hubtide.grain_days.1",
        "status": "fail",
        "message": "Got 2 results",
        "compiled_code": "select * from days",
    }
    manifest = {"nodes": {"test.hubtide.grain_days.1": node}}
    assert first_failure({"results": [result]}, manifest, warehouse) == (
        "dbt test grain_days on days failed: Got 2 results (day is null: 2)"
    )


def test_dbt_lines_become_counts() -> None:
    lines: list[str] = []
    progress = DbtProgress(lines.append, seconds=0)
    for text in (
        "10:00:00  1 of 3 START sql view model staging.x",
        "10:00:01  1 of 3 OK created sql view model staging.x [OK in 0.1s]",
        "10:00:01  2 of 3 PASS not_null_x [PASS in 0.1s]",
        "10:00:01  3 of 3 FAIL 2 unique_x [FAIL 2 in 0.1s]",
    ):
        progress.write(text + "\n")
    assert lines == [f"dbt: {n} of 3 models and tests" for n in (1, 2, 3)]
    assert progress.summary() == "dbt: 1 built, 1 tests passed, 1 tests failed"


def test_progress_is_throttled() -> None:
    now = [0.0]
    lines: list[str] = []
    say = throttled(lines.append, seconds=2.0, clock=lambda: now[0])
    for second in range(6):
        now[0] = float(second)
        say(str(second))
    assert lines == ["2", "4"]


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    opened.execute(SCHEMA.read_text(encoding="utf-8"))
    return opened


def add_load(connection: duckdb.DuckDBPyConnection, load_id: int, *counts: Any) -> None:
    connection.execute(
        "insert into raw.loads values (?, 'files', ?, ?, ?, ?, ?, ?, 0, 'x', false, null, 0, "
        "null, now(), now())",
        [load_id, f"p{load_id}", *counts],
    )


def test_the_ledger_is_held_to_its_sum(connection: duckdb.DuckDBPyConnection) -> None:
    add_load(connection, 1, "loaded", 100, 90, 9, 1)
    add_load(connection, 2, "failed", 5, 0, 0, 0)
    assert ledger.accounting_gaps(connection) == []
    assert ledger.reject_share(connection) == {"files": 0.01}
    add_load(connection, 3, "loaded", 10, 3, 3, 3)
    assert ledger.accounting_gaps(connection) == ["files/p3"]


def test_a_warehouse_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert ledger.row_counts(tmp_path / "none.duckdb", ["loads"]) == {"loads": 0}


def test_the_environment_keeps_all_state_at_home_and_statistics_off(
    at_home: Callable[[], Home],
) -> None:
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "true"
    home = prepare()
    for name in ("DAGSTER_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH"):
        assert Path(os.environ[name]).is_relative_to(home.root)
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    with instance() as opened:
        assert opened.telemetry_enabled is False
        assert opened.get_concurrency_config().pool_config.default_pool_limit == 1
    assert logging.getLogger("hubtide").name == "hubtide"


def test_a_librarys_message_names_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "/home/somebody/hubtide/.dagster/storage")

    monkeypatch.setattr(cli, "prepare", refuse)
    assert main(["build"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "hubtide: [Errno 13] Permission denied: 'storage'"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("x", "'x' is no whole number"),
        ("1.5", "'1.5' is no whole number"),
        ("0", "must be at least 1"),
    ],
)
def test_a_number_that_is_none_is_named(
    capsys: pytest.CaptureFixture[str], value: str, line: str
) -> None:
    with pytest.raises(SystemExit):
        main(["backfill", "--since", "2025-01-01", "--every", value])
    assert capsys.readouterr().err.endswith(f"error: argument --every: {line}\n")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("HUBTIDE_MEMORY_LIMIT", "lots", "HUBTIDE_MEMORY_LIMIT is 'lots': write 12GB, or 80%"),
        ("HUBTIDE_MEMORY_LIMIT", "12", "HUBTIDE_MEMORY_LIMIT is '12': write 12GB, or 80%"),
        ("HUBTIDE_TARGET", "duck", "HUBTIDE_TARGET is 'duck': write duckdb or spark"),
    ],
)
def test_a_setting_that_is_none_is_told_before_anything_runs(
    at_home: Callable[[], Home],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    line: str,
) -> None:
    home = at_home()
    monkeypatch.setenv(name, value)
    assert main(["build"]) == 1
    assert capsys.readouterr().err == f"hubtide: {line}\n"
    assert not list(home.root.iterdir())


def test_an_empty_setting_is_none(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUBTIDE_MEMORY_LIMIT", "HUBTIDE_TARGET"):
        monkeypatch.setenv(name, "")
    prepare()
    assert not {"HUBTIDE_MEMORY_LIMIT", "HUBTIDE_TARGET"} & set(os.environ)


@pytest.mark.parametrize("port", ["x", "0", "65536"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SystemExit):
        main(["dev", "--port", port])


def test_who_only_reads_writes_nothing(at_home: Callable[[], Home]) -> None:
    home = at_home()
    assert main(["headline"]) == main(["rollback"]) == 1
    assert not list(home.root.iterdir())


def test_a_home_that_can_be_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HUBTIDE_HOME", str(tmp_path / "file"))
    assert main(["build"]) == 1
    assert capsys.readouterr().err == "hubtide: HUBTIDE_HOME leads to a file: name a folder\n"
