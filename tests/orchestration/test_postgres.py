"""Dagster's storage in Postgres: what is written for it, and a run in a real server."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from extract.errors import HubtideError
from extract.home import Home
from orchestration.environment import INSTANCE_TEMPLATE, POSTGRES_URL, SQLITE_SECTION, prepare
from orchestration.runs import RunFailedError, execute, instance
from tests.conftest import PROJECT_ROOT, environment_for

PASSWORD = "T0SECRETPASSWORD"
URL = f"postgresql+psycopg2://hubtide:{PASSWORD}@127.0.0.1:5432/hubtide"

needs_library = pytest.mark.skipif(
    find_spec("dagster_postgres") is None, reason="dagster-postgres is not installed"
)


def configuration() -> Path:
    return Path(os.environ["DAGSTER_HOME"]) / "dagster.yaml"


# What is written


@needs_library
def test_only_the_storage_differs_and_the_password_stays_in_the_environment(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare()
    assert configuration().read_bytes() == INSTANCE_TEMPLATE.read_bytes()
    sqlite: dict[str, Any] = yaml.safe_load(configuration().read_bytes())

    monkeypatch.setenv(POSTGRES_URL, URL)
    prepare()
    postgres: dict[str, Any] = yaml.safe_load(configuration().read_bytes())
    assert postgres.pop("storage") == {"postgres": {"postgres_url": {"env": POSTGRES_URL}}}
    del sqlite[SQLITE_SECTION]
    assert postgres == sqlite
    assert list(configuration().parent.glob(".dagster.yaml*")) == []

    monkeypatch.delenv(POSTGRES_URL)
    prepare()
    assert configuration().read_bytes() == INSTANCE_TEMPLATE.read_bytes()


def test_an_address_that_is_none_is_one_line_without_it(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_URL, URL.replace("+psycopg2:", ":"))
    with pytest.raises(HubtideError, match=r"write postgresql\+psycopg2://") as caught:
        prepare()
    assert PASSWORD not in str(caught.value)


def test_without_the_library_one_line_says_what_to_install(
    at_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_URL, URL)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(HubtideError, match="dagster-postgres is not installed") as caught:
        prepare()
    assert PASSWORD not in str(caught.value)


# A real server


def binaries() -> Path | None:
    """The folder of initdb and postgres: what PATH leads to, else Debian's newest."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in folders if (path / "initdb").exists()), None)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    """A server of this module alone, on a free port of the loopback."""
    folder = binaries()
    if folder is None:
        pytest.skip("no Postgres server (postgres, initdb) on this machine")
    # Not pytest's folder: Postgres refuses to run as root, and only root may enter that one.
    root = Path(tempfile.mkdtemp(prefix="hubtide-postgres-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(root, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    words = root / "password"
    words.write_text(PASSWORD)
    words.chmod(0o644)
    subprocess.run(
        [folder / "initdb", "--pgdata", root / "data", "--username", "hubtide", "--no-sync",
         "--auth", "scram-sha-256", "--pwfile", words, "--encoding", "UTF8", "--no-locale"],
        cwd=root, check=True, stdout=subprocess.DEVNULL, **user,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [folder / "postgres", "-D", root / "data", "-k", root, "-F", "-p", str(port),
             "-c", "listen_addresses=127.0.0.1"],
            cwd=root, stdout=log, stderr=log, **user,
        )  # fmt: skip
    try:
        wait_for(server, port, root / "log")
        yield f"postgresql+psycopg2://hubtide:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(root)


def wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text(errors="replace")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"Postgres does not answer: {log.read_text(errors='replace')}")


@dg.op(pool="duckdb_writer")
def counts() -> int:
    return 3


@dg.op
def breaks(number: int) -> None:
    raise dg.Failure(f"row {number}: no model_id; correct the row")


@dg.job
def counting() -> None:
    counts()


@dg.job
def breaking() -> None:
    breaks(counts())


READ_BACK = """
from orchestration.environment import prepare
prepare()
from orchestration.runs import instance
with instance() as opened:
    print(type(opened.run_storage).__name__, opened.event_log_storage.get_pool_limits())
    for run in opened.get_runs():
        print(run.job_name, run.status.value, len(opened.all_logs(run.run_id)) > 5)
"""


@needs_library
def test_runs_of_one_process_are_read_by_another(
    postgres_url: str,
    at_home: Callable[[], Home],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(POSTGRES_URL, postgres_url)
    home = at_home()
    prepare()
    with instance() as opened:
        execute(counting, {}, opened)
        with pytest.raises(RunFailedError, match=r"^row 3: no model_id; correct the row$"):
            execute(breaking, {}, opened)
    with instance() as opened:
        assert {run.job_name for run in opened.get_runs()} == {"counting", "breaking"}

    read = subprocess.run(
        [sys.executable, "-c", READ_BACK],
        cwd=PROJECT_ROOT,
        env=environment_for(home.root, {POSTGRES_URL: postgres_url}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    first, *runs = read.stdout.splitlines()
    assert first.startswith("PostgresRunStorage")
    assert runs == ["breaking FAILURE True", "counting SUCCESS True"]

    # Nothing went to SQLite, and the password is in no file and no message.
    files = [path for path in home.root.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".db"]
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in "".join([*capfd.readouterr(), read.stdout, read.stderr])
