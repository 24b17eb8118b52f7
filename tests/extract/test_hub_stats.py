"""Dated snapshots: the contract at the door, drifting columns, restatements, guards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.errors import ImportFolderError, LandingError, LoadFailedError, MixedKindsError
from extract.home import Home
from extract.loading import load_source, rebuild
from extract.warehouse import Counts, Load, Warehouse
from tests.extract import hubs
from tests.extract.hubs import model

Query = Callable[..., list[tuple[Any, ...]]]
D1, D2, D3 = date(2025, 3, 1), date(2025, 3, 2), date(2025, 3, 4)

COUNTS = (
    "select rows_read, rows_stored, rows_unchanged, rows_rejected, rows_absent from raw.loads "
    "where status = 'loaded' order by as_of"
)


def many(count: int, **values: Any) -> list[dict[str, Any]]:
    return [model(f"org/model-{index}", index + 1, **values) for index in range(count)]


def test_sparse_rows_of_three_days(folder: Path, home: Home, raw: Query) -> None:
    records = many(4)
    changed = [*records[:2], {**records[2], "likes": 9}]
    hubs.write_hub(folder, {D1: records, D2: changed, D3: changed})
    results = load_source("hub_stats", folder, home)
    assert [result.status for result in results] == ["loaded"] * 3
    assert raw(COUNTS) == [(4, 4, 0, 0, 0), (3, 1, 2, 0, 1), (3, 0, 3, 0, 0)]
    rows = raw(
        "select day, model_id, presence, likes from raw.hub_stats_readings "
        "inner join raw.model_names using (name_key) where day > ? order by model_id",
        D1,
    )
    assert rows == [
        (D2, "org/model-2", "present", 9),
        (D2, "org/model-3", "absent", None),
    ]
    assert raw("select day, scope, is_complete, models_read from raw.read_days order by day") == [
        (D1, "hub", True, 4),
        (D2, "hub", True, 3),
        (D3, "hub", True, 3),
    ]


def test_the_second_import_changes_nothing(folder: Path, home: Home) -> None:
    hubs.write_hub(folder, {D1: many(3), D2: many(4)})
    load_source("hub_stats", folder, home)
    before = home.warehouse.read_bytes()
    manifests = {path: path.read_text() for path in home.landing.rglob("manifest*.json")}
    results = load_source("hub_stats", folder, home)
    assert [result.status for result in results] == ["unchanged", "unchanged"]
    assert [result.rows_read for result in results] == [3, 4]
    assert {path: path.read_text() for path in home.landing.rglob("*.json")} == manifests
    assert home.warehouse.read_bytes() == before


def test_scope_by_size_and_by_manifest(folder: Path, home: Home, raw: Query) -> None:
    for day in (D1, D2):
        hubs.write_snapshot(folder / "hub_stats" / f"{day}.parquet", many(3))
    hubs.write_manifest(folder, [(f"hub_stats/{D2}.parquet", str(D3), 2, "hub")])
    load_source("hub_stats", folder, home)
    assert raw("select partition, scope, is_complete, days_early from raw.read_days") == [
        (str(D1), "rows", False, 0),
        (str(D3), "hub", True, 2),
    ]


BAD = [
    ({"id": None}, "id is missing"),
    ({"id": ""}, "id is missing"),
    ({"id": "a" * 201}, "id is longer than 200"),
    ({"id": "a/b\x00c"}, "id has control characters"),
    ({"id": "a/b c"}, "id is no repository id"),
    ({"id": "a/b/c"}, "id is no repository id"),
    ({"id": "<script>"}, "id is no repository id"),
    ({"downloads": -1}, "downloads is negative"),
    ({"downloadsAllTime": -5}, "downloadsAllTime is negative"),
    ({"likes": -1}, "likes is negative"),
    ({"id": "org/model-3"}, "a row before has the same id"),
]


@pytest.mark.parametrize(("change", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_record_is_set_aside_with_its_payload(
    folder: Path, home: Home, raw: Query, change: dict[str, Any], reason: str
) -> None:
    records = [*many(150), {**model("org/bad"), **change}]
    hubs.write_hub(folder, {D1: records})
    load_source("hub_stats", folder, home)
    assert raw(COUNTS) == [(151, 150, 0, 1, 0)]
    rejects = raw("select page, row_number, reason, payload from raw.rejects")
    assert [row[:3] for row in rejects] == [(f"{D1}.parquet", 151, reason)]
    assert '"createdAt"' in str(rejects[0][3])
    unknown = raw(
        "select model_id from raw.hub_stats_readings inner join raw.model_names using (name_key) "
        "where presence = 'unknown'"
    )
    readable = "id" not in change
    assert unknown == ([("org/bad",)] if readable else [])


def test_unreadable_text_counters_and_dates(folder: Path, home: Home, raw: Query) -> None:
    types = {"downloads": "VARCHAR", "likes": "DOUBLE", "createdAt": "VARCHAR"}
    good = [
        {**model(f"org/m{index}"), "downloads": "7.0", "createdAt": "2025-01-01T02:00:00+02:00"}
        for index in range(300)
    ]
    bad = [
        {**good[0], "id": "org/x1", "downloads": "12.7"},
        {**good[0], "id": "org/x2", "likes": 0.5},
        {**good[0], "id": "org/x3", "createdAt": "yesterday"},
    ]
    hubs.write_snapshot(folder / "hub_stats" / f"{D1}.parquet", [*good, *bad], types)
    load_source("hub_stats", folder, home)
    assert raw("select reason from raw.rejects order by row_number") == [
        ("downloads is unreadable",),
        ("likes is unreadable",),
        ("createdAt is no date",),
    ]
    assert raw(
        "select distinct downloads_30d from raw.hub_stats_readings order by all nulls last"
    ) == [(7,), (None,)]
    assert raw("select distinct cast(created_at as varchar) from raw.hub_stats_metadata") == [
        ("2025-01-01 00:00:00",)
    ]


def test_columns_of_other_eras(folder: Path, home: Home, raw: Query) -> None:
    root = folder / "hub_stats"
    root.mkdir()
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select
                    'a/b' as id,
                    5 as downloads,
                    3 as likes,
                    ['u', 't', 't', 'base_model:finetune:p/q'] as tags,
                    '{{"total": 7}}' as gguf,
                    'auto' as gated
            ) to '{root}/2024-07-24.parquet'
            """
        )
        con.execute(
            f"""
            copy (
                select
                    'x1' as _id,
                    'a/b' as id,
                    5::double as downloads,
                    6::ubigint as "downloadsAllTime",
                    '["t", "u"]' as tags,
                    {{'parameters': {{'U8': 1::ubigint, 'BF16': 9::ubigint, 'I"8': null::ubigint}},
                      'total': 10}} as safetensors,
                    '{{"relation": "merge",
                       "models": [{{"_id": "x9", "id": "p/q"}}, {{"id": "r"}}]}}' as "baseModels"
            ) to '{root}/2025-08-01.parquet'
            """
        )
        con.execute(
            f"""
            copy (
                select
                    'a/b' as id,
                    '{{"parameters": {{"F32": 4, "BF16": null}}, "total": 4}}' as safetensors,
                    {{'relation': 'merge', 'models': [{{'id': 'p/q'}}]}} as "baseModels"
            ) to '{root}/2025-08-02.parquet'
            """
        )
    results = load_source("hub_stats", folder, home)
    assert results[0].note == "unknown columns: gated"
    assert raw(
        "select day, tags, base_relation, base_models, parameters_total, parameters_by_dtype, "
        "gguf_total from raw.hub_stats_metadata order by day"
    ) == [
        (date(2024, 7, 24), ["base_model:finetune:p/q", "t", "u"], None, None, None, None, 7),
        (
            date(2025, 8, 1),
            ["t", "u"],
            "merge",
            [{"hub_oid": "x9", "model_id": "p/q"}, {"hub_oid": None, "model_id": "r"}],
            10,
            {"BF16": 9, "U8": 1},
            None,
        ),
        (
            date(2025, 8, 2),
            None,
            "merge",
            [{"hub_oid": None, "model_id": "p/q"}],
            4,
            {"F32": 4},
            None,
        ),
    ]
    assert raw("select hub_oid, model_id from raw.model_names order by model_id, hub_oid") == [
        ("x1", "a/b"),
        (None, "a/b"),
        ("x9", "p/q"),
        (None, "p/q"),
        (None, "r"),
    ]
    assert raw("select column_name, first_partition from raw.unknown_columns") == [
        ("gated", "2024-07-24")
    ]


def test_an_unknown_column_is_reported_once(folder: Path, home: Home, raw: Query) -> None:
    for day in (D1, D2, D3):
        hubs.write_snapshot(
            folder / "hub_stats" / f"{day}.parquet", many(2, gated="auto"), {"gated": "VARCHAR"}
        )
    results = load_source("hub_stats", folder, home)
    assert [result.note for result in results] == ["unknown columns: gated", "", ""]
    assert raw("select column_name, column_type, first_partition from raw.unknown_columns") == [
        ("gated", "VARCHAR", str(D1))
    ]


def test_the_hash_minds_content_and_not_its_order(folder: Path, home: Home, raw: Query) -> None:
    first = model("a/b", tags=["x", "y"])
    second = model("a/b", tags=["y", "x", "x"])
    hubs.write_hub(folder, {D1: [first], D2: [second], D3: [model("a/b", tags=["x"])]})
    load_source("hub_stats", folder, home)
    assert raw("select day from raw.hub_stats_metadata order by day") == [(D1,), (D3,)]
    # Fixed for good: another value would store all metadata again after an update.
    null = "\x18"
    text = "\x1f".join(["1735689600000000", null, null, "x\x1ey", *[null] * 5])
    assert raw("select content_hash from raw.hub_stats_metadata where day = ?", D1) == [
        (hashlib.md5(text.encode()).hexdigest(),)
    ]


def test_more_than_one_percent_rejected_fails(folder: Path, home: Home, raw: Query) -> None:
    hubs.write_hub(folder, {D1: many(20), D2: [*many(19), {**model("org/bad"), "likes": -1}]})
    with pytest.raises(
        LoadFailedError,
        match=r"1 of 20 rows break the contract, more than 1% \(likes is negative: 1\); nothing",
    ) as caught:
        load_source("hub_stats", folder, home)
    assert [result.status for result in caught.value.results] == ["loaded", "failed"]
    assert "\n" not in str(caught.value)
    assert raw("select status, rows_read, rows_rejected from raw.loads order by load_id") == [
        ("loaded", 20, 0),
        ("failed", 20, 1),
    ]
    assert raw("select count(*) from raw.rejects") == [(0,)]
    assert raw("select distinct day from raw.read_days") == [(D1,)]


def test_a_failed_restatement_leaves_what_was_there(folder: Path, home: Home, raw: Query) -> None:
    hubs.write_hub(folder, {D1: many(5), D2: many(6)})
    load_source("hub_stats", folder, home)
    with duckdb.connect(str(home.warehouse)) as con:
        before = hubs.dump(con)
    hubs.write_hub(folder, {D1: many(5), D2: []})
    with pytest.raises(LoadFailedError, match="has no rows"):
        load_source("hub_stats", folder, home)
    with duckdb.connect(str(home.warehouse)) as con:
        assert hubs.dump(con) == before
    rebuild(home)
    with duckdb.connect(str(home.warehouse)) as con:
        assert hubs.dump(con) == before
    assert raw("select status from raw.loads order by load_id") == [("loaded",), ("loaded",)]


def test_a_rebuild_keeps_what_no_landed_file_has(folder: Path, home: Home, raw: Query) -> None:
    """Of a build that is no longer kept nothing else knows what it cost."""
    hubs.write_hub(folder, {D1: many(5)})
    load_source("hub_stats", folder, home)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("insert into raw.published_builds values ('b1', timestamp '2025-03-02')")
        con.execute("insert into raw.build_steps values ('b1', 'load', 1, 1, 1, 1, 1, 1)")
    rebuild(home)
    assert raw("select build_id from raw.published_builds") == [("b1",)]
    assert raw("select build_id from raw.build_steps") == [("b1",)]


def test_a_total_below_a_tenth_fails(folder: Path, home: Home, raw: Query) -> None:
    small = [{**record, "downloadsAllTime": 1} for record in many(30)]
    hubs.write_hub(folder, {D1: many(30), D2: small, D3: many(31)})
    with pytest.raises(LoadFailedError, match="below a tenth of the previous read day's"):
        load_source("hub_stats", folder, home)
    assert raw("select day from raw.read_days order by day") == [(D1,), (D3,)]
    # Rows that are not the whole Hub have no such total.
    hubs.write_hub(folder, {D1: many(30), D2: small, D3: many(31)}, scope="rows")
    load_source("hub_stats", folder, home)
    assert raw("select day from raw.read_days order by day") == [(D1,), (D2,), (D3,)]


def test_no_all_time_counter_is_no_fall(folder: Path, home: Home) -> None:
    early = [{**record, "downloadsAllTime": None} for record in many(3)]
    hubs.write_hub(folder, {D1: early, D2: many(3)})
    assert [result.status for result in load_source("hub_stats", folder, home)] == ["loaded"] * 2


def test_a_file_that_is_no_parquet(folder: Path, home: Home, raw: Query) -> None:
    hubs.write_hub(folder, {D1: many(3), D3: many(3)})
    (folder / "hub_stats" / f"{D2}.parquet").write_text("<html>404</html>")
    with pytest.raises(LoadFailedError, match="is no readable Parquet"):
        load_source("hub_stats", folder, home)
    assert raw("select day from raw.read_days order by day") == [(D1,), (D3,)]
    assert str(folder) not in str(raw("select error from raw.loads"))


def test_a_truncated_parquet(folder: Path, home: Home) -> None:
    hubs.write_hub(folder, {D1: many(3000)})
    path = folder / "hub_stats" / f"{D1}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:400] + b"\0" * (len(content) - 1000) + content[-600:])
    with pytest.raises(LoadFailedError):
        load_source("hub_stats", folder, home)


@pytest.mark.parametrize("name", ["snapshot.parquet", "2025-13-01.parquet"])
def test_a_file_without_a_date(folder: Path, home: Home, name: str) -> None:
    hubs.write_snapshot(folder / "hub_stats" / name, many(1))
    with pytest.raises(ImportFolderError, match=f"hub_stats/{name}: name the file YYYY-MM-DD"):
        load_source("hub_stats", folder, home)


def test_a_file_of_a_day_that_has_not_come(folder: Path, home: Home) -> None:
    hubs.write_snapshot(folder / "hub_stats" / "2062-05-20.parquet", many(1))
    message = "hub_stats/2062-05-20.parquet is of 2062-05-20, a day that has not come"
    with pytest.raises(ImportFolderError, match=message):
        load_source("hub_stats", folder, home)


def test_two_files_of_one_day(folder: Path, home: Home) -> None:
    hubs.write_snapshot(folder / "hub_stats" / f"{D1}.parquet", many(1))
    hubs.write_snapshot(folder / "hub_stats" / f"{D2}.parquet", many(1))
    hubs.write_manifest(folder, [(f"hub_stats/{D1}.parquet", str(D2), 1, "")])
    with pytest.raises(ImportFolderError, match="are both of 2025-03-02: keep one"):
        load_source("hub_stats", folder, home)


def test_synthetic_and_real_never_mix(tmp_path: Path, home: Home) -> None:
    real = hubs.write_hub(tmp_path / "real", {D1: many(1)})
    synthetic = hubs.write_hub(tmp_path / "synthetic", {D2: many(1)})
    (synthetic / "SYNTHETIC").touch()
    load_source("hub_stats", synthetic, home)
    with pytest.raises(MixedKindsError, match="real and the warehouse holds synthetic"):
        load_source("hub_stats", real, home)
    assert not (home.landing / "hub_stats" / str(D1)).exists()
    home.warehouse.unlink()
    with pytest.raises(MixedKindsError, match="data/ holds synthetic"):
        load_source("hub_stats", real, home)


def test_a_killed_load_is_repaired_by_running_again(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs.write_hub(folder, {D1: many(3), D2: many(4), D3: many(5)})
    record = Warehouse.record_loaded

    def killed(self: Warehouse, load: Load, counts: Counts) -> None:
        if load.partition == str(D2):
            raise KeyboardInterrupt
        record(self, load, counts)

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "record_loaded", killed)
        with pytest.raises(KeyboardInterrupt):
            load_source("hub_stats", folder, home)
    results = load_source("hub_stats", folder, home)
    assert [result.status for result in results] == ["unchanged", "loaded", "loaded"]
    clean = Home(home.root.with_name("clean"))
    load_source("hub_stats", folder, clean)
    with duckdb.connect(str(home.warehouse)) as one, duckdb.connect(str(clean.warehouse)) as two:
        assert hubs.dump(one) == hubs.dump(two)


def test_large_files_are_not_staged_whole(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {
        D1: many(40, baseModels={"relation": "merge", "models": [{"_id": "x", "id": "p/q"}]}),
        D2: [*many(41, tags=["base_model:p/q"]), model("org/model-3")],
    }
    monkeypatch.setattr("extract.rules.MAX_REJECTED_SHARE", 0.5)
    monkeypatch.setattr("extract.rules.MIN_SHARE_OF_PREVIOUS_FIELD", 0.0)
    hubs.write_hub(folder, days)
    load_source("hub_stats", folder, home)
    other = Home(home.root.with_name("other"))
    monkeypatch.setattr("extract.sources.hub_snapshots.STAGE_WHOLE_ROWS", 10)
    load_source("hub_stats", folder, other)
    with duckdb.connect(str(home.warehouse)) as one, duckdb.connect(str(other.warehouse)) as two:
        assert hubs.dump(one) == hubs.dump(two)


def test_rebuild_in_any_order(folder: Path, home: Home) -> None:
    hubs.write_hub(folder, {D1: many(3), D2: many(4)[1:], D3: many(2)})
    load_source("hub_stats", folder, home)
    with duckdb.connect(str(home.warehouse)) as con:
        before = hubs.dump(con)
    rebuild(home, order=lambda manifests: list(reversed(manifests)))
    with duckdb.connect(str(home.warehouse)) as con:
        assert hubs.dump(con) == before


def test_a_changed_landed_file_stops_a_rebuild(folder: Path, home: Home) -> None:
    hubs.write_hub(folder, {D1: many(3)})
    load_source("hub_stats", folder, home)
    path = home.landing / "hub_stats" / str(D1) / f"{D1}.parquet"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(LandingError, match=f"hub_stats/{D1}/{D1}.parquet was changed"):
        rebuild(home)
