"""OpenRouter over HTTP: what lands, what is asked for again, and hostile pages in the loaders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.errors import HubtideError, LoadFailedError, UnrecoverableError
from extract.fetching import Fetched
from extract.home import Home
from extract.http import Client, Limits, Reply
from extract.landing import Incoming, Manifest, OpenPartition, land, landed_partitions
from extract.loading import LoadResult, load_manifests
from extract.sources import json_records, openrouter
from extract.warehouse import Warehouse
from tests.extract import hubs
from tests.fake import FakeServices

DAY = date(2026, 11, 23)
SINCE, UNTIL = date(2026, 11, 20), date(2026, 11, 22)
LIMITS = Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=5, tries=3)
PARTITION = "rankings-2026-11-20..2026-11-22@2026-11-23"


@pytest.fixture(autouse=True)
def open_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTIDE_TODAY", str(DAY))


@pytest.fixture
def fake() -> Iterator[FakeServices]:
    with FakeServices() as services:
        services.openrouter.rankings = {
            f"2026-11-{day}": {"a/b-20260101": 10 * day, "c/d": 5, "other": 7}
            for day in (20, 21, 22)
        }
        services.openrouter.catalogue = [
            {"id": "a/b", "canonical_slug": "a/b-20260101", "hugging_face_id": "A/B", "created": 1}
        ]
        yield services


def client(fake: FakeServices, **limits: Any) -> Client:
    return Client("openrouter", fake.openrouter_base_url, {}, Limits(**{**vars(LIMITS), **limits}))


def rankings(
    fake: FakeServices, home: Home, since: date = SINCE, until: date = UNTIL, **limits: Any
) -> Fetched:
    key = fake.openrouter.key
    (result,) = openrouter.fetch_rankings(client(fake, **limits), home, since, until, key, True)
    return result


def load(home: Home) -> list[LoadResult]:
    with Warehouse.open(home) as warehouse:
        return load_manifests(warehouse, list(landed_partitions(home, "openrouter")))


def land_pages(home: Home, partition: str, *pages: bytes) -> Manifest:
    target = OpenPartition(home, "openrouter", partition)
    for number, body in enumerate(pages, 1):
        moment = datetime(2026, 11, 23, tzinfo=UTC).replace(tzinfo=None)
        target.add(f"{number:04}.json", body, rows=None, fetched_at=moment, origin="/x")
    return target.complete(is_synthetic=True, as_of=DAY, scope="x")


def page(*records: str) -> bytes:
    body = '{"data":[' + ",".join(records) + '],"meta":{"as_of":"2026-11-22"}}'
    return body.encode("utf-8", "surrogatepass")


# --- rankings: fetching --------------------------------------------------------------------


def test_rankings_land_and_load(fake: FakeServices, home: Home, raw: Any) -> None:
    result = rankings(fake, home)
    assert result == Fetched("openrouter", PARTITION, "landed", 1, 9)
    (seen,) = fake.seen("openrouter")
    assert seen.token == fake.openrouter.key
    assert seen.path.endswith("?start_date=2026-11-20&end_date=2026-11-22")
    (loaded,) = load(home)
    assert (loaded.status, loaded.rows_read, loaded.rows_stored) == ("loaded", 9, 9)
    assert raw(
        "select day, total_tokens, as_of, partition from raw.openrouter_rankings "
        "where model_permaslug = 'a/b-20260101' order by day limit 1"
    ) == [(SINCE, 200, date(2026, 11, 22), PARTITION)]
    assert raw("select scope, day, is_complete, models_read from raw.read_days order by day") == [
        ("rankings", date(2026, 11, day), True, 3) for day in (20, 21, 22)
    ]
    assert raw("select is_synthetic from raw.loads") == [(True,)]
    for path in home.landing.rglob("*"):
        assert path.is_dir() or fake.openrouter.key.encode() not in path.read_bytes()


def test_the_same_day_is_not_asked_for_again(fake: FakeServices, home: Home) -> None:
    rankings(fake, home)
    load(home)
    again = rankings(fake, home)
    assert (again.status, again.requests, again.rows) == ("already landed", 0, 9)
    assert [result.status for result in load(home)] == ["unchanged"]


def test_another_day_keeps_restated_figures_beside(
    fake: FakeServices, home: Home, raw: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rankings(fake, home)
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-11-24")
    fake.openrouter.rankings["2026-11-21"]["a/b-20260101"] = 999
    fake.openrouter.as_of = "2026-11-23T04:00:00Z"
    assert rankings(fake, home).status == "landed"
    assert [result.status for result in load(home)] == ["loaded", "loaded"]
    assert raw(
        "select as_of, total_tokens from raw.openrouter_rankings "
        "where day = '2026-11-21' and model_permaslug = 'a/b-20260101' order by as_of"
    ) == [(date(2026, 11, 22), 210), (date(2026, 11, 23), 999)]


def test_other_content_of_a_partition_supersedes(fake: FakeServices, home: Home, raw: Any) -> None:
    rankings(fake, home)
    load(home)
    (home.landing / "openrouter" / PARTITION / "manifest.json").unlink()
    fake.openrouter.rankings = {"2026-11-20": {"x/y": 1}}
    rankings(fake, home)
    (result,) = load(home)
    assert result.note == "supersedes load 1"
    assert raw("select model_permaslug from raw.openrouter_rankings") == [("x/y",)]
    assert raw("select models_read, is_complete from raw.read_days") == [(1, False)]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-11-24T01:00:00Z", date(2026, 11, 24)),
        ("2099-01-01", DAY),
        ("1999-01-01", DAY),
        ("soon", DAY),
        (None, DAY),
        (20261121, date(2026, 11, 21)),
        (["2026-11-21"], DAY),
    ],
)
def test_as_of(fake: FakeServices, home: Home, as_of: Any, expected: date) -> None:
    fake.faults.replace(lambda reply: {**reply, "meta": {"as_of": as_of}})
    rankings(fake, home)
    (manifest,) = landed_partitions(home, "openrouter")
    assert manifest.as_of == expected


def test_long_spans_take_several_requests(fake: FakeServices, home: Home) -> None:
    since = date(2025, 1, 1)
    seen = iter(["2026-11-23", "2026-11-21"])
    fake.faults.replace(lambda reply: {**reply, "meta": {"as_of": next(seen)}}, times=2)
    result = rankings(fake, home, since)
    assert (result.status, result.requests) == ("landed", 2)
    assert [entry.path.split("?")[1] for entry in fake.seen("openrouter")] == [
        "start_date=2025-01-01&end_date=2026-01-01",
        "start_date=2026-01-02&end_date=2026-11-22",
    ]
    (manifest,) = landed_partitions(home, "openrouter")
    assert manifest.as_of == date(2026, 11, 21)
    assert [file.name for file in manifest.files] == ["0001.json.gz", "0002.json.gz"]


def test_a_killed_run_goes_on_at_the_next_page(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = Client.get

    def killed(self: Client, url: str, what: str, *rest: Any) -> Reply:
        if "2026-01-02" in what:
            raise KeyboardInterrupt
        return get(self, url, what, *rest)

    since = date(2025, 1, 1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Client, "get", killed)
        rankings(fake, home, since)
    assert not list(landed_partitions(home, "openrouter"))
    fake.log.clear()
    assert rankings(fake, home, since).status == "landed"
    assert [entry.path.split("=")[1][:10] for entry in fake.seen("openrouter")] == ["2026-01-02"]
    (manifest,) = landed_partitions(home, "openrouter")
    assert len(manifest.files) == 2


def test_a_wrong_key_names_the_variable_and_not_the_key(fake: FakeServices, home: Home) -> None:
    (result,) = openrouter.fetch_rankings(client(fake), home, SINCE, UNTIL, "sk-secret", True)
    assert result.status == "failed"
    assert "status 401" in result.note
    assert "OPENROUTER_API_KEY" in result.note
    assert "sk-secret" not in result.note
    assert len(fake.log) == 1


def test_a_wait_that_is_too_long(fake: FakeServices, home: Home) -> None:
    fake.faults.rate_limited(5000, style="retry-after", times=None)
    result = rankings(fake, home)
    assert (result.status, result.requests) == ("failed", 1)
    assert "is to wait 5,000 s" in result.note


MALFORMED = [
    b"",
    b"<html>captive portal</html>",
    b'{"data":[',
    b'{"data":{}}',
    b'{"data":[]}',
    b'{"data":[],"meta":[]}',
    b'{"data":[],"data":[{}],"meta":{}}',
    b'{"data":[1,,2],"meta":{}}',
    b"[]",
    b"\xff\xfe",
    b"null",
    b'{"error":{"code":500,"message":"x"}}',
    b'{"data":[],"meta":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_a_bad_page_is_asked_for_again_and_never_lands(
    fake: FakeServices, home: Home, body: bytes
) -> None:
    fault = fake.faults.malformed(body, times=None)
    result = rankings(fake, home)
    assert (result.status, result.requests) == ("failed", 3)
    assert "\n" not in result.note
    assert not list(home.landing.rglob("*.gz"))
    fault.remove()
    fake.faults.malformed(body)
    assert rankings(fake, home).status == "landed"


def test_a_cut_body_is_asked_for_again(fake: FakeServices, home: Home) -> None:
    fake.faults.cut()
    fake.faults.drop()
    assert rankings(fake, home).status == "landed"
    assert load(home)[0].rows_stored == 9


def test_a_service_that_stays_down(fake: FakeServices, home: Home) -> None:
    fake.faults.cut(times=None)
    result = rankings(fake, home)
    assert result.status == "failed"
    assert "failed 3 times" in result.note
    assert not list(home.landing.rglob("*.gz"))


def test_no_rankings_at_all(fake: FakeServices, home: Home, raw: Any) -> None:
    fake.openrouter.rankings = {}
    assert rankings(fake, home).rows == 0
    with pytest.raises(LoadFailedError, match="has no rows"):
        load(home)
    assert raw("select status from raw.loads") == [("failed",)]
    # It was set aside, so that the next run asks again.
    fake.openrouter.rankings = {"2026-11-20": {"x/y": 1}}
    assert rankings(fake, home).status == "landed"
    assert load(home)[0].rows_stored == 1


def test_days_in_the_wrong_order(fake: FakeServices, home: Home) -> None:
    result = rankings(fake, home, UNTIL, SINCE)
    assert (result.status, result.requests) == ("failed", 0)


def test_the_limit_of_requests(fake: FakeServices, home: Home) -> None:
    result = rankings(fake, home, date(2025, 1, 1), max_requests=1)
    assert "limit of 1 requests" in result.note
    fake.log.clear()
    assert rankings(fake, home, date(2025, 1, 1), max_requests=1).status == "landed"


def test_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    assert openrouter.key_from_environment() is None
    monkeypatch.setenv("OPENROUTER_API_KEY", " sk-or-v1-abc\n")
    assert openrouter.key_from_environment() == "sk-or-v1-abc"
    for bad in ("sk\nx: y", "ключ", "two words"):
        monkeypatch.setenv("OPENROUTER_API_KEY", bad)
        with pytest.raises(HubtideError, match="OPENROUTER_API_KEY") as caught:
            openrouter.key_from_environment()
        assert bad not in str(caught.value)
    assert "OPENROUTER_API_KEY" in openrouter.NO_KEY


def test_plan(fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    assert [
        (entry.partition, entry.requests)
        for entry in openrouter.plan(home, DAY, date(2025, 1, 1), UNTIL)
    ] == [("catalogue-2026-11-23", 1), ("rankings-2025-01-01..2026-11-22@2026-11-23", 0)]
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    assert openrouter.plan(home, DAY, date(2025, 1, 1), UNTIL)[1].requests == 2
    rankings(fake, home)
    (planned,) = openrouter.plan(home, DAY, SINCE, UNTIL, with_catalogue=False)
    assert (planned.requests, planned.note) == (0, "already landed")


# --- the catalogue -------------------------------------------------------------------------


def test_the_catalogue(fake: FakeServices, home: Home, raw: Any) -> None:
    asked = client(fake)
    (result,) = openrouter.fetch_catalogue(asked, home, DAY, True)
    assert result == Fetched("openrouter", "catalogue-2026-11-23", "landed", 1, 1)
    assert fake.log[0].token is None
    assert load(home)[0].rows_stored == 1
    (result,) = openrouter.fetch_catalogue(asked, home, DAY, True)
    assert (result.status, result.requests) == ("already landed", 0)
    assert load(home)[0].status == "unchanged"
    assert raw("select read_on, slug, hugging_face_id from raw.openrouter_catalogue") == [
        (DAY, "a/b", "A/B")
    ]


def test_the_catalogue_only_knows_now(fake: FakeServices, home: Home) -> None:
    with pytest.raises(UnrecoverableError, match="2026-11-22 cannot be fetched"):
        openrouter.fetch_catalogue(client(fake), home, UNTIL, True)


def test_an_empty_catalogue(fake: FakeServices, home: Home) -> None:
    fake.openrouter.catalogue = []
    openrouter.fetch_catalogue(client(fake), home, DAY, True)
    with pytest.raises(LoadFailedError, match="has no rows"):
        load(home)


def test_a_catalogue_that_is_a_page_for_browsers(fake: FakeServices, home: Home) -> None:
    fake.faults.malformed(b"<html>", times=None)
    (result,) = openrouter.fetch_catalogue(client(fake), home, DAY, True)
    assert (result.status, result.requests) == ("failed", 3)


# --- hostile records -----------------------------------------------------------------------

DEEP = "[" * 10_000 + "]" * 10_000


def ranking(**values: str) -> str:
    fields = {"date": '"2026-11-22"', "model_permaslug": '"v/x"', "total_tokens": '"5"', **values}
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"


GOOD = [ranking(model_permaslug=f'"v/m{index}"') for index in range(2000)]

BAD_RANKINGS = [
    (ranking(total_tokens="NaN"), "total_tokens is unreadable"),
    (ranking(total_tokens="-Infinity"), "total_tokens is unreadable"),
    (ranking(total_tokens="1e400"), "total_tokens is unreadable"),
    (ranking(total_tokens="9223372036854775808"), "total_tokens is unreadable"),
    (ranking(total_tokens="1" * 5000), "total_tokens is unreadable"),
    (ranking(total_tokens="true"), "total_tokens is unreadable"),
    (ranking(total_tokens="[5]"), "total_tokens is unreadable"),
    (ranking(total_tokens="null"), "total_tokens is unreadable"),
    (ranking(total_tokens='"\\ud800"'), "total_tokens is unreadable"),
    (ranking(total_tokens="-1"), "total_tokens is negative"),
    (ranking(model_permaslug='"\\ud800"'), "model_permaslug is no Unicode text"),
    (ranking(model_permaslug='"v/\udcff"'), "model_permaslug is no Unicode text"),
    (ranking(model_permaslug='"a\\u0000b"'), "model_permaslug has control characters"),
    (ranking(model_permaslug="7"), "model_permaslug is no text"),
    (ranking(model_permaslug="{}"), "model_permaslug is no text"),
    (ranking(model_permaslug='"' + "x" * 10_000_000 + '"'), "model_permaslug is longer than 200"),
    (ranking(date='"infinity"'), "date is out of range"),
    (ranking(date='"0001-01-01"'), "date is out of range"),
    (ranking(date="20261122"), "date is no text"),
    (ranking(date="null"), "date is no date"),
    (ranking(more=DEEP), "the record is nested too deep"),
    (DEEP, "the record is nested too deep"),
    ("7", "the record is no object"),
    ("null", "the record is no object"),
    ("{}", "date is no date"),
    (GOOD[0], "a row before has the same date and model_permaslug"),
]


@pytest.fixture(scope="module")
def rejected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, tuple[str, str]]]:
    """All bad rankings among many good ones: reason and payload by place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("extract.rules.MAX_REJECTED_SHARE", 0.5)
        home = Home(tmp_path_factory.mktemp("rejected"))
        body = page(*GOOD, *(text for text, _ in BAD_RANKINGS))
        body = body.replace("\udcff".encode("utf-8", "surrogatepass"), b"\xff")
        land_pages(home, PARTITION, body)
        (result,) = load(home)
        assert (result.rows_read, result.rows_stored) == (2026, 2000)
        with duckdb.connect(str(home.warehouse)) as con:
            rows = con.execute("select row_number, reason, payload, page from raw.rejects")
            yield {row[0]: (row[1], row[2]) for row in rows.fetchall() if row[3] == "0001.json.gz"}


@pytest.mark.parametrize("index", range(len(BAD_RANKINGS)))
def test_bad_rankings_are_set_aside(rejected: dict[int, tuple[str, str]], index: int) -> None:
    text, reason = BAD_RANKINGS[index]
    assert rejected[2001 + index] == (reason, text.encode("utf-8", "backslashreplace").decode())


def test_names_are_text_and_nothing_else(home: Home, raw: Any) -> None:
    names = ["'; drop table raw.loads; --", "<script>alert(1)</script>", "../../etc/passwd", "$x"]
    land_pages(
        home,
        PARTITION,
        page(*(ranking(model_permaslug=json.dumps(name), extra="1") for name in names)),
    )
    (result,) = load(home)
    assert (result.rows_stored, result.note) == (4, "unknown columns: extra")
    assert {row[0] for row in raw("select model_permaslug from raw.openrouter_rankings")} == {
        *names
    }


def test_keys_that_are_noise(home: Home, raw: Any) -> None:
    keys = {"\ud800": 1, "a\nb": 1, "k" * 5000: 1, **{f"k{index}": 1 for index in range(500)}}
    land_pages(home, PARTITION, page(*GOOD, ranking(x=json.dumps(keys))))
    assert "\n" not in load(home)[0].note
    land_pages(home, PARTITION + "x", page(*GOOD, json.dumps({**json.loads(ranking()), **keys})))
    note = load(home)[1].note
    assert "\n" not in note
    assert len(note) < 2000
    assert raw("select count(*) from raw.openrouter_rankings") == [(4002,)]


BAD_ITEMS = [
    ('{"id":"\\ud800"}', "id is no Unicode text"),
    ('{"id":5}', "id is no text"),
    ('{"id":""}', "id is missing"),
    ('{"id":"a/x","canonical_slug":[]}', "canonical_slug is no text"),
    ('{"id":"a/x","canonical_slug":"a\\nb"}', "canonical_slug has control characters"),
    ('{"id":"a/x","hugging_face_id":{"a":1}}', "hugging_face_id is no text"),
    (f'{{"id":"a/x","hugging_face_id":"{"x" * 201}"}}', "hugging_face_id is longer than 200"),
    ('{"id":"a/x","name":"\\u0000"}', "name has control characters"),
    (f'{{"id":"a/x","name":"{"x" * 501}"}}', "name is longer than 500"),
    ('{"id":"a/x","created":NaN}', "created is unreadable"),
    ('{"id":"a/x","created":1e400}', "created is unreadable"),
    ('{"id":"a/x","created":9999999999999}', "created is out of range"),
    ('{"id":"a/x","created":-1}', "created is negative"),
    ('{"id":"a/x","context_length":99999999999999999999}', "context_length is unreadable"),
    ('{"id":"a/x","context_length":"many"}', "context_length is unreadable"),
    (f'{{"id":"a/x","architecture":{DEEP}}}', "the record is nested too deep"),
    ("[]", "the record is no object"),
    ('{"id":"a/0"}', "an item before has the same id"),
]


def test_bad_catalogue_items_are_set_aside(home: Home, raw: Any) -> None:
    good = [f'{{"id":"a/{index}","description":"\\ud800"}}' for index in range(2000)]
    land_pages(home, "catalogue-2026-11-23", page(*good, *(text for text, _ in BAD_ITEMS)))
    (result,) = load(home)
    assert (result.rows_read, result.rows_stored) == (2018, 2000)
    assert raw("select reason, payload from raw.rejects order by row_number") == [
        (reason, text) for text, reason in BAD_ITEMS
    ]


# --- anything at all -----------------------------------------------------------------------

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(categories=None), max_size=8)
    | st.sampled_from(["2026-11-22", "5", "v/x", "infinity", "2026-11-22 (BC)", "\ufeff", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
raw_values = st.sampled_from(["1e400", "-0", "1.0", "NaN", "[" * 3000 + "]" * 3000, '"\\ud800"'])


def records(*keys: str) -> st.SearchStrategy[list[str]]:
    """Texts of records: any JSON, and objects with the right keys and any values."""
    value = json_values.map(json.dumps) | raw_values
    fields = st.lists(st.tuples(st.sampled_from(keys), value), max_size=5)
    return st.lists(
        value
        | fields.map(lambda pairs: "{" + ",".join(f'"{key}":{text}' for key, text in pairs) + "}"),
        max_size=6,
    )


def check_whole(home: Home, manifest: Manifest, count: int, table: str) -> None:
    """Load: every record is stored or rejected, or the partition fails with one line."""
    with Warehouse.over(duckdb.connect()) as warehouse:
        if count == 0:
            with pytest.raises(LoadFailedError, match="has no rows"):
                load_manifests(warehouse, [manifest])
            return
        (result,) = load_manifests(warehouse, [manifest])
        stored, rejected = hubs.rows_of(
            warehouse.con,
            f"select (select count(*) from raw.{table}), (select count(*) from raw.rejects)",
        )[0]
        assert (stored, rejected) == (result.rows_stored, result.rows_rejected)
        assert stored + rejected == result.rows_read == count
        days = hubs.rows_of(warehouse.con, "select sum(models_read) from raw.read_days")
        assert (days[0][0] or 0) == stored


@pytest.fixture(scope="module")
def any_share() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("extract.rules.MAX_REJECTED_SHARE", 1)
        yield


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.lists(records("date", "model_permaslug", "total_tokens", "x"), min_size=1, max_size=2)
)
def test_any_rankings(
    texts: list[list[str]], any_share: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("any"))
    pages = [page(*part) for part in texts]
    for body in pages:
        assert openrouter._rankings_problem(body) is None
    manifest = land_pages(home, PARTITION, *pages)
    check_whole(home, manifest, sum(map(len, texts)), "openrouter_rankings")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=records(
        "id", "canonical_slug", "hugging_face_id", "name", "created", "context_length", "x"
    )
)
def test_any_catalogue(
    texts: list[str], any_share: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("any"))
    manifest = land_pages(home, "catalogue-2026-11-23", page(*texts))
    check_whole(home, manifest, len(texts), "openrouter_catalogue")


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=60) | st.text('{}[]",:data\\1 ', max_size=40).map(str.encode))
def test_any_bytes_as_a_page(body: bytes) -> None:
    problem = openrouter._rankings_problem(body)
    assert problem is None or "\n" not in problem
    try:
        _, found = json_records.split_page(body, ("data",))
    except ValueError:
        assert problem is not None
    else:
        assert problem is not None or len(found) == len(
            json.loads(body.decode("utf-8-sig"))["data"]
        )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.binary(max_size=30)
        | st.text('2026-1,/"abc\0\r', max_size=30).map(str.encode)
        | st.just(b"2026-11-22,a/b,5"),
        max_size=6,
    )
)
def test_any_text_as_csv(
    rows: list[bytes], any_share: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("any"))
    path: Path = home.root / "x.csv"
    path.write_bytes(b"date,model_permaslug,total_tokens\n" + b"\n".join(rows))
    manifest = land(
        home, "openrouter", "rankings-x", [Incoming("x.csv", path, "x.csv")],
        is_synthetic=True, as_of=DAY,
    )  # fmt: skip
    with Warehouse.over(duckdb.connect()) as warehouse:
        try:
            (result,) = load_manifests(warehouse, [manifest])
        except HubtideError:
            return
        counted = hubs.rows_of(
            warehouse.con,
            "select (select count(*) from raw.openrouter_rankings), "
            "(select count(*) from raw.rejects)",
        )[0]
        assert counted == (result.rows_stored, result.rows_rejected)
        assert result.rows_stored + result.rows_rejected == result.rows_read
