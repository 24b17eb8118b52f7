"""A warehouse that another process has open is waited for, and then named in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from extract.errors import WarehouseLockedError
from extract.home import Home
from extract.warehouse import Warehouse
from orchestration.dbt import broken
from orchestration.defs import checks, raw
from orchestration.defs.dbt_models import tables_of
from orchestration.environment import prepare
from orchestration.ledger import row_counts
from orchestration.publishing import publish, record_audit, require_audit
from orchestration.runs import RunFailedError, execute, instance
from tests.holding import held

GRAIN: dict[str, Any] = {"test_metadata": {"name": "grain"}}

OPENINGS: dict[str, Callable[[Home], object]] = {
    "row_counts": lambda home: row_counts(home.warehouse, []),
    "tables_of": lambda home: tables_of(home.warehouse),
    "broken": lambda home: broken(home.warehouse, {"status": "fail", "compiled_code": ""}, GRAIN),
    "record_audit": lambda home: record_audit(home.warehouse, home.exports, "b1"),
    "require_audit": lambda home: require_audit(home.warehouse, home.exports),
    "publish": lambda home: publish(home.warehouse, home.exports, commit="c", seeds_sha256=""),
    "ledger": lambda _: list(raw.ledger.op.compute_fn.decorated_fn()),  # type: ignore[union-attr]
    "checks": lambda _: list(
        checks.ledger_checks({"sources": {}}).op.compute_fn.decorated_fn()  # type: ignore[union-attr]
    ),
}


@pytest.fixture
def home(at_home: Callable[[], Home]) -> Home:
    home = prepare()
    with Warehouse.open(home):
        pass
    return home


@pytest.mark.parametrize("opening", OPENINGS)
def test_every_opening_waits_and_names_no_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch, opening: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("extract.warehouse.LOCK_SECONDS", 0.2)
    monkeypatch.setattr("extract.warehouse.time.sleep", pauses.append)
    monkeypatch.setattr("extract.warehouse.time.monotonic", lambda: sum(pauses))
    with held(home.warehouse), pytest.raises(WarehouseLockedError) as caught:
        OPENINGS[opening](home)
    assert pauses
    assert str(home.root) not in str(caught.value)


def test_a_glance_does_not_stop_what_comes_after_the_checks(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.con.execute("create schema marts")
        warehouse.con.execute("create table marts.about as select 'b1' as build_id")
    with held(home.warehouse) as holder:
        monkeypatch.setattr("extract.warehouse.time.sleep", lambda _: holder.communicate())
        record_audit(home.warehouse, home.exports, "b1")
    require_audit(home.warehouse, home.exports)


@dg.op
def opens() -> None:
    raise WarehouseLockedError("warehouse.duckdb is in use by process 7: end it")


@dg.job
def opening_job() -> None:
    opens()


def test_a_step_that_could_not_open_it_says_so_without_the_name_of_an_error(home: Home) -> None:
    with (
        instance() as opened,
        pytest.raises(RunFailedError, match=r"^opens: warehouse\.duckdb is in use by process 7"),
    ):
        execute(opening_job, {}, opened)
