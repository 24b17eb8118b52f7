"""Sparse rows and the dense truth: what is stored expands to exactly what was read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from extract import rules
from extract import warehouse as warehouse_module
from extract.home import Home
from extract.landing import Incoming, Manifest, land
from extract.loading import load_manifests
from extract.warehouse import Warehouse
from tests.extract import hubs

# Around a month's end, with gaps, so that first read days of a month move.
DAYS = [date(2025, 1, 29) + timedelta(days=offset) for offset in (0, 1, 3, 4, 6, 33)]

Name = tuple[str | None, str]
Reading = tuple[str, int | None, int | None, int | None]
# A reading, and the all-time counter of the scope's previous read day.
Row = tuple[str, int | None, int | None, int | None, int | None]


@dataclass
class Day:
    """The dense truth of one file, by the rules in plain Python."""

    scope: str
    states: dict[Name, Reading] = field(default_factory=dict)
    contents: dict[Name, str] = field(default_factory=dict)
    parents: set[Name] = field(default_factory=set)
    read: int = 0
    rejected: int = 0


def dense(scope: str, records: Sequence[dict[str, Any]]) -> Day:
    day = Day(scope, read=len(records))
    readable = [bool(re.fullmatch(rules.ID_PATTERN, record["id"] or "")) for record in records]
    good = [
        ok and all((record[c] or 0) >= 0 for c in ("downloads", "downloadsAllTime", "likes"))
        for ok, record in zip(readable, records, strict=True)
    ]
    for key in ("id", "_id"):
        seen = set()
        for index, row in enumerate(records):
            value = row.get(key)
            if good[index] and value is not None:
                good[index] = value not in seen
                seen.add(value)
    valid_ids = {record["id"] for ok, record in zip(good, records, strict=True) if ok}
    unknown_ids: set[str] = set()
    for ok, can_read, record in zip(good, readable, records, strict=True):
        name = (record.get("_id"), record["id"])
        if ok:
            counters = (record["downloads"], record["downloadsAllTime"], record["likes"])
            day.states[name] = ("present", *counters)
            base = record["baseModels"]
            day.contents[name] = repr(
                (
                    sorted(set(record["tags"])),
                    base and base["relation"],
                    base and [(parent["_id"], parent["id"]) for parent in base["models"]],
                )
            )
            day.parents |= parents_of(record)
        else:
            day.rejected += 1
            if can_read and record["id"] not in valid_ids | unknown_ids:
                unknown_ids.add(record["id"])
                day.states[name] = ("unknown", None, None, None)
    return day


def parents_of(record: dict[str, Any]) -> set[Name]:
    if record["baseModels"] is not None:
        return {(parent["_id"], parent["id"]) for parent in record["baseModels"]["models"]}
    return {(None, tag.split(":")[-1]) for tag in record["tags"] if tag.startswith("base_model:")}


def expected(days: dict[date, Day]) -> dict[str, Any]:
    """What `raw` must hold: sparse readings, metadata, names, ledger counts."""
    readings: dict[tuple[date, Name], Row] = {}
    metadata: dict[tuple[date, Name], str] = {}
    previous: dict[Name, Reading] = {}
    months: set[tuple[int, int]] = set()
    latest: dict[tuple[str, Name], str] = {}
    ledger = {}
    for day, truth in sorted(days.items()):
        written = set()
        absent = 0
        month = (day.year, day.month)
        is_first = month not in months
        for name, state in truth.states.items():
            if truth.scope == "rows" or is_first or previous.get(name) != state:
                before = previous.get(name) if truth.scope == "hub" else None
                readings[day, name] = (*state, before and before[2])
                written.add((name, state[0]))
        if truth.scope == "hub":
            for name in previous.keys() - truth.states.keys():
                readings[day, name] = ("absent", None, None, None, previous[name][2])
                absent += 1
            previous = dict(truth.states)
            months.add(month)
        for name, content in truth.contents.items():
            if latest.get((truth.scope, name)) != content:
                metadata[day, name] = content
                written.add((name, "present"))
            latest[truth.scope, name] = content
        stored = sum(presence == "present" for _, presence in written)
        ledger[day] = (
            truth.read,
            stored,
            truth.read - stored - truth.rejected,
            truth.rejected,
            absent,
        )
    names = {name for truth in days.values() for name in truth.states}
    names |= {name for truth in days.values() for name in truth.parents}
    return {"readings": readings, "metadata": metadata, "names": names, "ledger": ledger}


def stored(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    names = "inner join raw.model_names as n on n.name_key = t.name_key"
    return {
        "readings": {
            (row[0], (row[1], row[2])): row[3:]
            for row in hubs.rows_of(
                con,
                "select t.day, n.hub_oid, n.model_id, t.presence, t.downloads_30d, "
                "t.downloads_all_time, t.likes, t.downloads_all_time_before "
                f"from raw.hub_stats_readings as t {names}",
            )
        },
        "metadata": {
            (row[0], (row[1], row[2])): repr(
                (
                    row[3],
                    row[4],
                    None
                    if row[5] is None
                    else [(parent["hub_oid"], parent["model_id"]) for parent in row[5]],
                )
            )
            for row in hubs.rows_of(
                con,
                "select t.day, n.hub_oid, n.model_id, t.tags, t.base_relation, t.base_models "
                f"from raw.hub_stats_metadata as t {names}",
            )
        },
        "names": set(hubs.rows_of(con, "select hub_oid, model_id from raw.model_names")),
        "ledger": {
            row[0]: row[1:]
            for row in hubs.rows_of(
                con,
                "select as_of, rows_read, rows_stored, rows_unchanged, rows_rejected, rows_absent "
                "from raw.loads where status = 'loaded'",
            )
        },
    }


def expand(con: duckdb.DuckDBPyConnection) -> dict[tuple[date, Name], Reading]:
    """The dense readings of the whole Hub out of the sparse rows and the read days alone."""
    return {
        (row[0], (row[1], row[2])): row[3:]
        for row in hubs.rows_of(
            con,
            """
            select
                d.day,
                n.hub_oid,
                n.model_id,
                r.presence,
                r.downloads_30d,
                r.downloads_all_time,
                r.likes
            from raw.read_days as d
            cross join raw.model_names as n
            asof inner join (select * from raw.hub_stats_readings where scope = 'hub') as r
                on r.name_key = n.name_key and r.day <= d.day
            where d.scope = 'hub' and r.presence <> 'absent'
            """,
        )
    }


# Most draws are alike, so that unchanged records, the usual case, come up often.
ids = st.sampled_from(["a/1"] * 3 + ["a/2"] * 3 + ["b"] * 2 + ["c/4", "", "not an id", "a/1\n"])
oids = st.sampled_from([None] * 6 + ["x1", "x2"])
counters = st.sampled_from(
    [(1, 1, 1)] * 8 + [(None, 1, 1), (2, 1, 1), (1, 0, None), (2**40, 1, 1), (-1, 1, 1)]
)
tag_lists = st.sampled_from(
    [["t"]] * 4
    + [[], ["u", "t"], ["base_model:a/2", "base_model:finetune:a/2"], ["base_model:z/9"]]
)
base_models = st.sampled_from(
    [None] * 5
    + [
        {"relation": "finetune", "models": []},
        {"relation": "finetune", "models": [{"_id": "x1", "id": "a/1"}]},
        {"relation": "merge", "models": [{"_id": "x9", "id": "p/7"}, {"_id": "x1", "id": "a/1"}]},
    ]
)


@st.composite
def record(draw: st.DrawFn) -> dict[str, Any]:
    downloads, all_time, likes = draw(counters)
    return {
        "_id": draw(oids),
        "id": draw(ids),
        "downloads": downloads,
        "downloadsAllTime": all_time,
        "likes": likes,
        "tags": draw(tag_lists),
        "baseModels": draw(base_models),
    }


snapshots = st.tuples(
    st.sampled_from(["hub", "hub", "hub", "rows"]), st.lists(record(), min_size=1, max_size=5)
)
# Days come in any order, some of them again with the same or with other content.
histories = st.lists(st.tuples(st.sampled_from(DAYS), snapshots), min_size=1, max_size=7)


def row(model_id: str, **values: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "_id": None,
        "downloads": 1,
        "downloadsAllTime": 1,
        "likes": 1,
        "tags": [],
    }
    return {**empty, "baseModels": None, "id": model_id, **values}


PRESENT, UNREADABLE = [row("a/1")], [row("not an id")]


def put(home: Home, day: date, number: int, snapshot: tuple[str, list[Any]]) -> Manifest:
    scope, rows = snapshot
    columns = {"_id": "VARCHAR"} if any(row["_id"] for row in rows) else {}
    path = hubs.write_snapshot(home.root / f"{number}.parquet", rows, columns)
    return land(
        home,
        "hub_stats",
        day.isoformat(),
        [Incoming(f"{day}.parquet", path, path.name, len(rows))],
        is_synthetic=True,
        as_of=day,
        scope=scope,
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories, together=st.booleans())
# The last of several days prepared together has no readable record: all are absent.
@example(history=[(DAYS[0], ("hub", PRESENT)), (DAYS[1], ("hub", UNREADABLE))], together=True)
# The metadata that a later day had left out is needed there once the day before has other content.
@example(
    history=[
        (DAYS[0], ("hub", PRESENT)),
        (DAYS[1], ("hub", UNREADABLE)),
        (DAYS[2], ("hub", PRESENT)),
        (DAYS[0], ("hub", [row("a/1", tags=["t"])])),
    ],
    together=False,
)
def test_any_order_gives_the_dense_truth(
    history: list[tuple[date, tuple[str, list[Any]]]],
    together: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "MAX_REJECTED_SHARE", 1.0)
    monkeypatch.setattr(rules, "MIN_SHARE_OF_PREVIOUS_TOTAL", 0.0)
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con, duckdb.connect() as other:
        home = Home(Path(root))
        warehouse = Warehouse.over(con)
        manifests: dict[date, Manifest] = {}
        truth: dict[date, Day] = {}
        for number, (day, snapshot) in enumerate(history):
            manifests[day] = put(home, day, number, snapshot)
            truth[day] = dense(*snapshot)
            if not together:
                load_manifests(warehouse, [manifests[day]])
        load_manifests(warehouse, list(manifests.values()))
        found = stored(con)
        for part, rows in expected(truth).items():
            assert found[part] == rows, part
        assert expand(con) == {
            (day, name): state
            for day, entry in truth.items()
            if entry.scope == "hub"
            for name, state in entry.states.items()
        }
        # The same content loaded once, in order, into an empty warehouse.
        load_manifests(Warehouse.over(other), [manifests[day] for day in sorted(manifests)])
        assert hubs.dump(con) == hubs.dump(other)


def test_a_warehouse_from_before_gets_the_counters_of_the_day_before(tmp_path: Path) -> None:
    """Rows that an earlier version wrote lack the column: it is filled as the loader would have."""
    home = Home(tmp_path)
    with Warehouse.open(home) as warehouse:
        warehouse.con.execute(
            "insert into raw.model_names values (1, null, 'a/m'), (2, null, 'a/n')"
        )
        warehouse.con.execute(
            """
            insert into raw.hub_stats_readings
            select name_key, day, scope, presence, 1, counter, 1, 0, 1, null
            from (values
                (1, date '2025-01-01', 'hub', 'present', 5),
                (1, date '2025-01-03', 'hub', 'present', 9),
                (1, date '2025-01-04', 'hub', 'absent', null),
                (1, date '2025-01-06', 'hub', 'present', 9),
                (2, date '2025-01-01', 'rows', 'present', 5),
                (2, date '2025-01-02', 'rows', 'present', 6)
            ) as rows (name_key, day, scope, presence, counter)
            """
        )
        warehouse.con.execute(
            "alter table raw.hub_stats_readings drop column downloads_all_time_before"
        )
    with Warehouse.open(home) as warehouse:
        filled = warehouse.con.execute(
            "select downloads_all_time_before from raw.hub_stats_readings order by name_key, day"
        ).fetchall()
    assert filled == [(None,), (5,), (9,), (None,), (None,), (None,)]


def test_an_upgrade_that_is_cut_off_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that was added and never filled would be taken for a filled one."""
    home = Home(tmp_path)
    with Warehouse.open(home) as warehouse:
        warehouse.con.execute(
            "alter table raw.hub_stats_readings drop column downloads_all_time_before"
        )

    def cut_off(con: duckdb.DuckDBPyConnection, table: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(warehouse_module, "_fill_counters_before", cut_off)
        with duckdb.connect(str(home.warehouse)) as con, pytest.raises(KeyboardInterrupt):
            Warehouse.over(con)
    with duckdb.connect(str(home.warehouse)) as con:
        assert warehouse_module._without_counters_before(con) == ["hub_stats_readings"]
        Warehouse.over(con)
        assert warehouse_module._without_counters_before(con) == []
