"""Pages of the Hub's API with anything in them: each record is counted, and none costs another."""

from __future__ import annotations

import gzip
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from extract import rules
from extract.errors import HubtideError, LoadFailedError
from extract.home import Home, utc_now
from extract.landing import Manifest, OpenPartition
from extract.loading import LoadResult, load_manifests
from extract.sources import hub_pages
from extract.sources.hub_pages import count_records, page_problem, split_array
from extract.warehouse import Warehouse
from tests.extract import live
from tests.extract.live import DAY, read_aloud, record
from tests.fake.server import FakeServices

Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """All records of a partition may be rejected."""
    monkeypatch.setattr(rules, "MAX_REJECTED_SHARE", 1.0)


def landed(home: Home, *bodies: bytes) -> Manifest:
    """Pages that came so over the wire."""
    partition = OpenPartition(home, "hub_api", f"{DAY}.Qwen")
    for number, body in enumerate(bodies, 1):
        partition.add(
            f"{number:04}.json",
            body,
            rows=count_records(body),
            fetched_at=utc_now(),
            origin="/api/models",
        )
    return partition.complete(is_synthetic=True, as_of=DAY, scope="Qwen")


@pytest.mark.parametrize("end", [b"", b"\xff" * 20, b"\0" * 8])
def test_a_page_that_cannot_be_decompressed_has_no_records(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "0001.json.gz"
    path.write_bytes(gzip.compress(b"[]")[:10] + end)
    assert hub_pages.Page(1, 1, path.name, path).texts() is None


def loaded(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> LoadResult:
    """What became of a partition; only what a user may see is raised."""
    try:
        (result,) = load_manifests(Warehouse.over(con), [manifest])
    except LoadFailedError as error:
        read_aloud(error)
        (result,) = error.results
    except HubtideError as error:
        raise AssertionError(f"no partition may fail like that: {error}") from error
    assert result.rows_read == result.rows_stored + result.rows_unchanged + result.rows_rejected
    assert min(result.rows_stored, result.rows_unchanged, result.rows_rejected) >= 0
    if result.status == "loaded":
        kept = con.execute("select count(*) from raw.rejects").fetchall()
        assert kept == [(result.rows_rejected,)]
        assert result.note.isprintable()
    return result


def load_bodies(*bodies: bytes) -> LoadResult:
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con:
        return loaded(con, landed(Home(Path(root)), *bodies))


# --- one hostile record among good ones ------------------------------------------------------

BIG = "x" * 10_000_000
GOOD = json.dumps(record(1))
OIDS = itertools.count(100)


def changed(**values: Any) -> str:
    """A record with other values; each has an _id of its own."""
    return json.dumps({**record(7), "_id": f"{next(OIDS):024x}", **values})


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


REJECTED: dict[str, tuple[str, str]] = {
    "no object": ("[]", "the record is no object"),
    "null": ("null", "the record is no object"),
    "a number": ("7", "the record is no object"),
    "empty": ("{}", "_id is missing"),
    "_id of another type": (changed(_id=7), "_id is missing"),
    "_id with a path": (changed(_id="../../etc"), "_id is unreadable"),
    "_id with a NUL": (changed(_id="a\x00b"), "_id is unreadable"),
    "_id too long": (changed(_id=BIG), "_id is longer than 64"),
    "no id": (json.dumps(record(7, id=None)), "id is missing"),
    "id of another type": (changed(id=["a"]), "id is missing"),
    "id with SQL": (changed(id="a'); drop table raw.loads; --"), "id is no repository id"),
    "id with markup": (changed(id="<script>alert(1)</script>"), "id is no repository id"),
    "id with a path": (changed(id="../../../etc/passwd"), "id is no repository id"),
    "id with a NUL": (changed(id="a\x00b"), "id has control characters"),
    "id of 10 MB": (changed(id=BIG), "id is longer than 200"),
    "no counter": (
        json.dumps(record(8, downloads=None, downloadsAllTime=None)),
        "the record has no counter",
    ),
    "a counter in text": (changed(downloads="12"), "downloads is unreadable"),
    "a counter in a list": (changed(likes=[1]), "likes is unreadable"),
    "a true counter": (changed(likes=True), "likes is unreadable"),
    "half a download": (changed(downloadsAllTime=1.5), "downloadsAllTime is unreadable"),
    "a negative counter": (changed(downloads=-1), "downloads is negative"),
    "an overflow": (changed(downloads=2**63), "downloads is unreadable"),
    "a huge number": (changed(downloads=10**300), "downloads is unreadable"),
    "NaN": (changed(downloads=float("nan")), "downloads is unreadable"),
    "infinity": (changed(downloadsAllTime=float("inf")), "downloadsAllTime is unreadable"),
    "no date": (changed(createdAt="yesterday"), "createdAt is no date"),
    "a date in a list": (changed(createdAt=["2026-01-01"]), "createdAt is no date"),
    "an endless date": (changed(createdAt="infinity"), "createdAt is out of range"),
    "a date before time": (changed(createdAt="0044-03-15 (BC)"), "createdAt is out of range"),
    "a far date": (changed(createdAt="250000-01-01"), "createdAt is out of range"),
    "a lone surrogate": (changed(id="\ud800"), "the record is no JSON"),
    "no JSON": ('{"_id": tru}', "the record is no JSON"),
    "a control character": ('{"_id": "a\x01"}', "the record is no JSON"),
}

KEPT: dict[str, str] = {
    "fields of other types": changed(
        tags={"a": 1},
        safetensors=[1],
        gguf="x",
        baseModels=7,
        pipeline_tag=3,
        library_name=["x"],
        author=None,
        lastModified=0,
        gated={},
    ),
    "fields that are null": json.dumps({**record(7), **dict.fromkeys(["tags", "gguf", "likes"])}),
    "hostile tags": changed(
        tags=["'); drop table raw.loads; --", "<b>", "\x00", "../..", "\u202e"]
    ),
    "a tag of 10 MB": changed(tags=[BIG]),
    "tags of other types": changed(tags=[1, None, {"a": [1]}, ["x"], True]),
    "tags nested 10,000 deep": changed(tags=0).replace('"tags": 0', f'"tags": {nested(10_000)}'),
    "safetensors nested 10,000 deep": changed(safetensors=0).replace(
        '"safetensors": 0', f'"safetensors": {nested(10_000)}'
    ),
    "an unknown field nested 10,000 deep": changed(x=0).replace('"x": 0', f'"x": {nested(10_000)}'),
    "parents of other types": changed(baseModels={"relation": 1, "models": [1, None, "x", {}]}),
    "parents that are no list": changed(baseModels={"relation": [], "models": {"id": "a/b"}}),
    "a hostile parent": changed(
        baseModels={"relation": "x", "models": [{"_id": BIG[:1000], "id": "'; drop --\x00"}]}
    ),
    "parameters of other types": changed(
        safetensors={"parameters": {"BF16": "x", "": 1, "F32": None, "I8": [1]}, "total": "many"}
    ),
    "parameters in a list": changed(safetensors={"parameters": [1, 2], "total": [3]}),
    "parameters that overflow": changed(
        safetensors={"parameters": {"BF16": 2**70}, "total": 2**70}, gguf={"total": 10**400}
    ),
    "parameters twice": changed(safetensors=0).replace(
        '"safetensors": 0', '"safetensors": {"parameters": {"F32": 1, "F32": 2}, "total": 1}'
    ),
    "duplicate keys": changed()[:-1] + ', "likes": 9, "_id": "' + "0" * 23 + '8"}',
    "a thousand unknown keys": changed(**{f"k{number}": 1 for number in range(1000)}),
    "hostile keys": changed(
        **{"a'b": 1, 'c"d': 1, "\x00": 1, "": 1, "e\nf": 1, "$.x": 1, BIG[:5000]: 1, "\u202e": 1}
    ),
}


UNREADABLE = [name for name, (_, reason) in REJECTED.items() if reason == "the record is no JSON"]
READABLE = [name for name in REJECTED if name not in UNREADABLE]


# DuckDB reads the whole page in one piece, or record by record where one is no JSON.
@pytest.mark.parametrize(
    "names", [READABLE, [*REJECTED], *([name] for name in UNREADABLE)], ids=lambda names: len(names)
)
def test_a_record_that_cannot_be_read_costs_no_other(names: list[str], lenient: None) -> None:
    bad = [REJECTED[name] for name in names]
    body = f"[{','.join([GOOD, *(text for text, _ in bad), json.dumps(record(2))])}]".encode()
    assert page_problem(body) is None
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con:
        result = loaded(con, landed(Home(Path(root)), body))
        rejects = con.execute("select row_number, reason from raw.rejects").fetchall()
        assert dict(rejects) == {row: reason for row, (_, reason) in enumerate(bad, 2)}
        assert (result.rows_stored, result.rows_unchanged) == (2, 0)


@pytest.mark.parametrize("name", KEPT)
def test_odd_fields_do_not_matter_to_the_counters(name: str) -> None:
    body = f"[{GOOD},{KEPT[name]},{json.dumps(record(2))}]".encode()
    assert page_problem(body) is None
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con:
        result = loaded(con, landed(Home(Path(root)), body))
        assert (result.rows_read, result.rows_stored, result.rows_rejected) == (3, 3, 0)
        assert con.execute(
            "select downloads_all_time from raw.hub_api_readings order by all"
        ).fetchall() == [(100,), (200,), (700,)]
        assert len(result.note) < 2000
        con.execute("from raw.hub_api_metadata").fetchall()


def test_an_unknown_column_is_reported_once(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.models = [record(1)]
    fake.faults.replace(lambda page: [{**item, "sparkles": 1} for item in page], times=None)
    live.fetch(home, "Qwen")
    assert live.load(home)[0].note == "unknown columns: sparkles"
    live.set_day(fake, monkeypatch, live.NEXT_DAY)
    live.fetch(home, "Qwen", day=live.NEXT_DAY)
    assert live.load(home)[0].note == ""
    assert raw("select source, column_name, first_partition from raw.unknown_columns") == [
        ("hub_api", "sparkles", "2026-03-10.Qwen")
    ]


def test_more_than_one_percent_of_bad_records_is_refused(home: Home) -> None:
    with duckdb.connect() as con:
        result = loaded(con, landed(home, f"[{GOOD},7]".encode()))
    assert result.status == "failed"
    assert result.note.startswith("hub_api 2026-03-10.Qwen: 1 of 2 rows break the contract")


HASHES = ["fe3fa2561689597a0da4702dd932c118", "dd957bc7a898d9d658fcfa504cd4d66e"]


def test_metadata_hashes_stay_what_they_were() -> None:
    """Another hash of the same record would be a row of metadata a model in every warehouse."""
    full = record(
        1,
        tags=["b", "a", "b", None, "base_model:finetune:a/b"],
        pipeline_tag="text-generation",
        library_name="transformers",
        safetensors={"parameters": {"F32": 1, "BF16": 2, "I8": None}, "total": 3},
        gguf={"total": 4},
        baseModels={"relation": "finetune", "models": [{"_id": "9" * 24, "id": "a/b"}]},
    )
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con:
        loaded(con, landed(Home(Path(root)), json.dumps([full, record(2)]).encode()))
        rows = con.execute("select content_hash from raw.hub_api_metadata order by name_key")
        assert [row[0] for row in rows.fetchall()] == HASHES


def test_a_page_of_unusual_size_is_read_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_pages, "USUAL_PAGE_BYTES", 1000)
    large = json.dumps([record(number) for number in range(10, 1000)]).encode()
    bodies = [json.dumps([record(1)]).encode(), large, json.dumps([record(2)]).encode()]
    assert load_bodies(*bodies).rows_stored == 992


# --- what is a page ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[]", 0),
        (" [ ] \n", 0),
        ("[{}]", 1),
        ('[{"a": "]},["}, [1, 2], "x,y", 3]', 4),
        ('["\\"", "\\\\", "\\u0000"]', 3),
        ('["\\ud800", 1]', 2),
        ('[{"a": "\\udfff]"}, {}]', 2),
        ("", None),
        ("{}", None),
        ("7", None),
        ('"[]"', None),
        ("[", None),
        ("[{]", None),
        ("[1]]", None),
        ("[1] 2", None),
        ("[1][2]", None),
        ("x[1]", None),
        ('[{"_id":"65', None),
        ('["a]', None),
        ('[tru, "a]', None),
        ("[tru}", None),
        ("[{tru]}", None),
        ("<html>[]</html>", None),
        ("\ufeff[1]", None),
    ],
)
def test_what_is_a_page_and_how_many_records_it_has(text: str, count: int | None) -> None:
    assert count_records(text.encode()) == count
    assert (page_problem(text.encode()) is None) == (count is not None)


@pytest.mark.parametrize(
    "text",
    [
        '["' + '\\"' * 400_000,
        '[tru,"' + "\\\\" * 400_000,
        "[tru," + "[" * 800_000,
        "[tru," + '"a",' * 200_000,
        "[tru" + "]" * 800_000,
        "tru" + " " * 800_000 + "[" * 10,
        f'[tru,"{BIG}"]',
    ],
    ids=["quotes", "backslashes", "opened", "strings", "closed", "spaces", "a long string"],
)
def test_no_page_takes_long_to_take_apart(text: str) -> None:
    started = time.perf_counter()
    split_array(text)
    assert time.perf_counter() - started < 1.5


# --- arbitrary JSON ------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["\ud800", "\x00", '"', "\\", "]", ",", "[", "infinity", "2026-01-01"])
)
names = st.sampled_from([*sorted(record(1)), "safetensors", "gguf", "baseModels", "x", "", "$"])
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names | st.text(max_size=3), inner, max_size=4)
        | st.fixed_dictionaries({"parameters": inner, "total": inner})
        | st.fixed_dictionaries({"relation": inner, "models": st.lists(inner, max_size=2)})
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A valid record with some fields replaced or taken out."""
    item = record(draw(st.integers(1, 3)))
    for name in draw(st.lists(names, max_size=3)):
        if draw(st.booleans()):
            item.pop(name, None)
        else:
            item[name] = draw(anything)
    return item


pages = st.lists(st.lists(mutated() | mutated() | anything, max_size=4), min_size=1, max_size=3)


@given(items=st.lists(anything, max_size=5), spaces=st.sampled_from([(",", ":"), (" , ", " :\n")]))
@settings(max_examples=100, deadline=None)
def test_an_array_is_taken_apart_as_it_was_put_together(
    items: list[Any], spaces: tuple[str, str]
) -> None:
    parts = [json.dumps(item, separators=spaces) for item in items]
    assert split_array(f"\n[{spaces[0].join(parts)} ]") == parts


@given(content=pages)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(content=[[{**record(1), "safetensors": {"parameters": {"F32": 1, "": None}}}]])
@example(content=[[record(1), {**record(2), "tags": ["\ud800"]}], [record(1)]])
def test_each_record_of_any_pages_is_accounted_for(content: list[list[Any]], lenient: None) -> None:
    bodies = [json.dumps(page).encode() for page in content]
    assert [count_records(body) for body in bodies] == [len(page) for page in content]
    result = load_bodies(*bodies)
    count = sum(len(page) for page in content)
    assert (result.status, result.rows_read) == ("loaded" if count else "failed", count)


@given(content=pages)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_page_gives_the_rows_of_its_records_one_by_one(
    content: list[list[Any]], lenient: None
) -> None:
    assume(any(content))
    texts = [[json.dumps(item) for item in page] for page in content]
    whole = [f"[{','.join(page)}]".encode() for page in texts]
    # A record that is no JSON: the page is taken apart, and each record read for itself.
    apart = [f"[{','.join([*page, 'tru'])}]".encode() for page in texts]
    ends = {f"{number:04}.json.gz": len(page) + 1 for number, page in enumerate(texts, 1)}
    rows, rejects = rows_of(*whole)
    rows_apart, rejects_apart = rows_of(*apart)
    assert rows_apart == rows
    assert [row for row in rejects_apart if row[1] != ends[row[0]]] == rejects


def rows_of(*bodies: bytes) -> tuple[list[Any], list[tuple[str, int, str]]]:
    """The rows that pages leave in `raw`, and their rejects."""
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con:
        loaded(con, landed(Home(Path(root)), *bodies))
        names = ("model_names", "hub_api_readings", "hub_api_metadata", "unknown_columns")
        rows = [con.execute(f"select * from raw.{name} order by all").fetchall() for name in names]
        rejects = con.execute("select page, row_number, reason from raw.rejects order by all")
        return rows, rejects.fetchall()


@given(content=anything)
@settings(max_examples=60, deadline=None)
def test_a_page_is_a_list_and_nothing_else(content: Any) -> None:
    expected = len(content) if isinstance(content, list) else None
    assert count_records(json.dumps(content).encode()) == expected


@st.composite
def garbled(draw: st.DrawFn) -> bytes:
    """A good page with some bytes replaced, taken out or put in."""
    body = json.dumps([record(1, x="\u00e9"), record(2)], ensure_ascii=False).encode()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        length = draw(st.sampled_from([0, 1, 1, 5]))
        pieces = [b"", b'"', b"\\", b"[", b"]", b"{", b"}", b",", b"\x00", b"\xff", b"\xed\xa0\x80"]
        body = body[:place] + draw(st.sampled_from(pieces)) + body[place + length :]
    return body


@given(body=garbled())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(body=b'[{"_id":"a"},]')
@example(body=b'["\xff",]')
@example(body=b'["\xff"]')
@example(body=b'"' + json.dumps([record(1)]).replace("Qwen/m1", "\ufffdQwen/m1", 1).encode() * 9)
def test_what_is_taken_for_a_page_is_loaded_as_one(body: bytes, lenient: None) -> None:
    count = count_records(body)
    if count:
        result = load_bodies(body)
        assert (result.status, result.rows_read) == ("loaded", count)
