"""What the checks say of a ledger: that it is in order, or what is wrong, unsafe and to be done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any, cast

import dagster as dg
import duckdb
import pytest

from extract.home import Home
from extract.warehouse import SCHEMA
from orchestration import ledger
from orchestration.defs import checks, raw
from orchestration.defs.dbt_models import WHAT_TO_DO, _advised
from orchestration.environment import dbt_target, prepare
from orchestration.impact import SHOWN_MARTS, marts_below, marts_of, shown
from orchestration.sources import SOURCES

DAY = date(2026, 3, 20)

# Two sources, of which one mart each hangs, and one mart on both; a model between.
MANIFEST: dict[str, Any] = {
    "sources": {},
    "nodes": {
        f"model.hubtide.{name}": {
            "resource_type": "model",
            "name": name,
            "fqn": ["hubtide", layer, name],
        }
        for name, layer in (
            ("stg_readings", "staging"),
            ("downloads", "marts"),
            ("tokens", "marts"),
            ("both", "marts"),
        )
    },
    "child_map": {
        "source.hubtide.raw.hub_api_readings": ["model.hubtide.stg_readings"],
        "model.hubtide.stg_readings": ["model.hubtide.downloads", "model.hubtide.both"],
        "source.hubtide.raw.openrouter_rankings": ["model.hubtide.tokens", "model.hubtide.both"],
    },
}


@pytest.fixture
def connection(at_home: Callable[[], Home]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a fresh home, with empty ledger tables, and a project that is parsed."""
    home = prepare()
    dbt_target().mkdir(parents=True)
    (dbt_target() / "manifest.json").write_text(json.dumps(MANIFEST))
    with duckdb.connect(str(home.warehouse)) as opened:
        opened.execute(SCHEMA.read_text(encoding="utf-8"))
        yield opened


def read(con: duckdb.DuckDBPyConnection, source: str, scope: str, *models: int | None) -> None:
    """A scope read on days up to DAY, so many models on each; None: not read."""
    for back, count in enumerate(reversed(models)):
        if count is not None:
            con.execute(
                "insert into raw.read_days values (?, ?, ?, true, 0, ?, 'p', 1)",
                [source, scope, DAY - timedelta(days=back), count],
            )


def load(
    con: duckdb.DuckDBPyConnection, source: str, *counts: int, days_ago: int = 0, number: int = 1
) -> None:
    """A partition that was loaded: records read, stored, unchanged, rejected."""
    con.execute(
        "insert into raw.loads values (?, ?, ?, 'loaded', ?, ?, ?, ?, 0, 'x', false, null, 0, null,"
        " now()::timestamp, now()::timestamp - to_days(?))",
        [number, source, f"p{number}", *(counts or (1, 1, 0, 0)), days_ago],
    )


def unknown(con: duckdb.DuckDBPyConnection, source: str, column: str, load_id: int = 1) -> None:
    con.execute(
        "insert into raw.unknown_columns values (?, ?, 'varchar', 'p', ?)",
        [source, column, load_id],
    )


Results = dict[tuple[str, str], dg.AssetCheckResult]


@pytest.fixture
def checked(connection: duckdb.DuckDBPyConnection) -> Callable[[], Results]:
    """Runs the ledger's checks as a run does, and gives their results by source and name."""

    def run() -> Results:
        connection.close()
        source_of = {checks.first_table(entry.name): entry.name for entry in SOURCES}
        results = list(cast("Iterable[dg.AssetCheckResult]", checks.ledger_checks(MANIFEST)()))
        found: Results = {}
        for result in results:
            assert result.asset_key is not None
            found[source_of[result.asset_key.path[-1]], str(result.check_name)] = result
        return found

    return run


def said(result: dg.AssetCheckResult) -> dict[str, Any]:
    return {name: entry.value for name, entry in result.metadata.items()}


def assert_advice(result: dg.AssetCheckResult, found: str, marts: str, begins: str) -> None:
    """A failing check says what is wrong, which marts are unsafe, and what to do."""
    assert not result.passed
    metadata = said(result)
    assert metadata["found"] == found
    assert metadata["unsafe marts"] == marts
    assert metadata["what to do"].startswith(begins)


def assert_quiet(result: dg.AssetCheckResult) -> None:
    assert result.passed
    assert not {"found", "unsafe marts", "what to do"} & said(result).keys()


def test_an_empty_ledger_fails_no_check(checked: Callable[[], Results]) -> None:
    results = checked()
    assert len(results) == 2 * len(checks.DAILY) + len(SOURCES)
    for result in results.values():
        assert_quiet(result)
        assert result.severity == dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("models", "passed"),
    [
        ([100, 100, 100, 50], True),  # half is still usual
        ([100, 100, 100, 49], False),
        ([100, 100, 100, 200], True),
        ([100, 100, 100, 201], False),
        ([1], True),  # nothing to compare with
        ([10, 100], False),
        # The median of the seven days before: neither one odd day nor older ones count.
        ([9000, 100, 100, 1, 100, 100, 100, 100, 100], True),
        ([100, 900, 900, 900, 900, 900, 900, 900, 400], False),
    ],
)
def test_the_volume_of_the_newest_day(
    connection: duckdb.DuckDBPyConnection,
    checked: Callable[[], Results],
    models: list[int],
    passed: bool,
) -> None:
    read(connection, "hub_api", "Qwen", *models)
    assert checked()["hub_api", checks.VOLUME].passed == passed


def test_the_volume_is_that_of_all_scopes_together(
    connection: duckdb.DuckDBPyConnection, checked: Callable[[], Results]
) -> None:
    read(connection, "hub_api", "Qwen", 1000, 1200, 1400)
    read(connection, "hub_api", "google", 1000, 1000, 1)
    read(connection, "openrouter", "rankings", 50, 50)
    results = checked()
    assert_quiet(results["openrouter", checks.VOLUME])
    assert_quiet(results["hub_api", checks.VOLUME])
    assert said(results["hub_api", checks.VOLUME]) == {"models read": 1401, "usual": 2100.0}


def test_scopes_that_were_not_read_on_the_newest_day_are_not_compared(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Whoever crawls the whole Hub once has not lost it the day after."""
    read(connection, "hub_api", "Qwen", 100, 110, 120)
    read(connection, "hub_api", "hub", 2_000_000, None)
    assert ledger.volumes(connection, 7) == {"hub_api": ledger.Volume(str(DAY), 120, 105.0)}


def test_half_of_the_models_gone(
    connection: duckdb.DuckDBPyConnection, checked: Callable[[], Results]
) -> None:
    read(connection, "hub_api", "Qwen", 2000, 2000, 900)
    assert_advice(
        checked()["hub_api", checks.VOLUME],
        "900 models on 2026-03-20, usually 2,000",
        "both, downloads",
        "look at the newest partition of landed/hub_api",
    )


def test_days_that_were_not_read(
    connection: duckdb.DuckDBPyConnection, checked: Callable[[], Results]
) -> None:
    read(connection, "hub_api", "Qwen", 1, None, 1)
    read(connection, "hub_api", "google", 1, None, None)
    read(connection, "openrouter", "rankings", 1, None, None, 1)
    read(connection, "modelscope", "Qwen", 1, 1, 1)
    results = checked()
    assert_quiet(results["modelscope", checks.GAPS])
    assert_quiet(results["hub_stats", checks.GAPS])
    # What only knows now cannot be asked for a day that is over; dated sources can.
    assert_advice(
        results["hub_api", checks.GAPS],
        "not read: 2026-03-19",
        "both, downloads",
        "nothing can bring these days back",
    )
    assert_advice(
        results["openrouter", checks.GAPS],
        "not read: 2026-03-18, 2026-03-19",
        "both, tokens",
        "materialize these days' partitions of landed/openrouter",
    )


def test_a_gap_is_news_for_thirty_days(connection: duckdb.DuckDBPyConnection) -> None:
    read(connection, "hub_api", "Qwen", 1, None, *[1] * 29)
    assert ledger.gaps(connection, 30) == {"hub_api": [str(DAY - timedelta(days=29))]}
    tomorrow = DAY + timedelta(days=1)
    connection.execute(
        "insert into raw.read_days values ('hub_api', 'Qwen', ?, true, 0, 1, 'p', 1)", [tomorrow]
    )
    assert ledger.gaps(connection, 30) == {}


def test_columns_that_the_loader_does_not_know(
    connection: duckdb.DuckDBPyConnection, checked: Callable[[], Results]
) -> None:
    load(connection, "openrouter")
    load(connection, "hub_api", days_ago=8, number=2)
    unknown(connection, "openrouter", "price")
    unknown(connection, "openrouter", "cost")
    unknown(connection, "hub_api", "xet", load_id=2)
    results = checked()
    assert_advice(
        results["openrouter", checks.COLUMNS],
        "new columns: cost, price",
        "both, tokens",
        "the columns are in the landed files and nowhere else",
    )
    # Seen a week ago: no longer news.
    assert_quiet(results["hub_api", checks.COLUMNS])


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"status": "pass", "max_loaded_at_time_ago_in_s": 60.0}, None),
        (
            {"status": "warn", "max_loaded_at_time_ago_in_s": 40 * 3600.0},
            "last loaded 40 hours ago (warn)",
        ),
        (
            {"status": "error", "max_loaded_at_time_ago_in_s": 90 * 3600.0},
            "last loaded 90 hours ago (error)",
        ),
        # Never loaded is not in use.
        ({"status": "runtime error"}, None),
        (
            {
                "status": "error",
                "max_loaded_at": "0001-01-01T00:00:00Z",
                "max_loaded_at_time_ago_in_s": 9e9,
            },
            None,
        ),
    ],
)
def test_a_source_that_was_not_loaded_for_long(entry: dict[str, Any], found: str | None) -> None:
    entry = {"max_loaded_at": "2026-03-20T00:00:00Z", **entry}
    result = checks.freshness_result("hub_api", entry, MANIFEST)
    if found is None:
        assert_quiet(result)
    else:
        assert_advice(result, found, "both, downloads", "run the job `fetch`")


def ledger_run(connection: duckdb.DuckDBPyConnection) -> dict[str, dg.AssetCheckResult]:
    """The results of the asset that holds the ledger to its identities."""
    connection.close()
    yielded = cast("Iterable[object]", raw.ledger())
    results = [entry for entry in yielded if isinstance(entry, dg.AssetCheckResult)]
    return {str(result.check_name): result for result in results}


def test_one_record_in_a_hundred_may_be_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection, "openrouter", 100, 99, 0, 1)
    results = ledger_run(connection)
    assert_quiet(results["few_rejects"])
    assert said(results["few_rejects"]) == {"share rejected, openrouter": 0.01}
    assert_quiet(results["every_record_is_accounted_for"])


def test_more_rejects_than_that_are_said_with_what_they_make_unsafe(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    load(connection, "openrouter", 1000, 970, 0, 30, number=1)
    load(connection, "hub_api", 1000, 1000, 0, 0, number=2)
    result = ledger_run(connection)["few_rejects"]
    assert_advice(result, "rejected: 3.0% of openrouter", "both, tokens", "see raw.rejects")
    assert said(result)["share rejected, hub_api"] == 0


def test_records_that_are_not_accounted_for_are_said_with_what_they_make_unsafe(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    load(connection, "hub_api", 10, 3, 3, 3, number=4)
    assert_advice(
        ledger_run(connection)["every_record_is_accounted_for"],
        "hub_api/p4 do not add up",
        "both, downloads",
        "rows of these partitions were lost or counted twice",
    )


def test_an_empty_warehouse_has_nothing_to_build(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(dg.Failure, match="nothing has been loaded into this warehouse yet"):
        ledger_run(connection)


def test_both_checks_of_the_ledger_block() -> None:
    blocking = {spec.name: spec.blocking for spec in raw.ledger.check_specs}
    assert blocking == {"every_record_is_accounted_for": True, "few_rejects": True}


def dbt_result(passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="grain_stg_readings",
        asset_key=["staging", "stg_readings"],
        passed=passed,
        metadata={"unique_id": "test.hubtide.grain_stg_readings.1", "status": "fail"},
    )


def test_a_failing_test_of_dbt_says_which_marts_hang_on_what_it_tests() -> None:
    tested = {"depends_on": {"nodes": ["model.hubtide.stg_readings"]}}
    nodes = {**MANIFEST["nodes"], "test.hubtide.grain_stg_readings.1": tested}
    manifest = {**MANIFEST, "nodes": nodes}
    found = {"test.hubtide.grain_stg_readings.1": "day is null: 2"}
    failing = said(_advised(dbt_result(False), manifest, found))
    assert failing["found"] == "day is null: 2"
    assert failing["unsafe marts"] == "both, downloads"
    assert failing["what to do"] == WHAT_TO_DO
    assert failing["status"] == "fail"
    assert "unsafe marts" not in said(_advised(dbt_result(True), manifest, {}))


def test_the_marts_below_a_table() -> None:
    table = "source.hubtide.raw.hub_api_readings"
    assert marts_below(MANIFEST, [table]) == ["both", "downloads"]
    assert marts_below(MANIFEST, ["model.hubtide.tokens"]) == ["tokens"]
    assert marts_below(MANIFEST, ["source.hubtide.raw.gone"]) == []
    assert marts_of(["hub_api", "openrouter"], MANIFEST) == ["both", "downloads", "tokens"]


def test_many_marts_are_a_line_of_bounded_length() -> None:
    names = [f"m{number:02}" for number in range(SHOWN_MARTS + 3)]
    assert shown(names).endswith("m11 and 3 more")
    assert shown([]) == "none"
