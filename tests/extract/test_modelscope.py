"""ModelScope over HTTP and in `raw`: listings to their end, sparse readings in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract import loading
from extract.errors import LoadFailedError, UnrecoverableError
from extract.fetching import Fetched
from extract.home import Home
from extract.http import Client, Limits, Reply
from extract.landing import Covered, Manifest, OpenPartition, landed_partitions
from extract.loading import LoadResult, load_manifests
from extract.sources import modelscope
from extract.sources.base import SimpleLoader, Source
from extract.warehouse import Warehouse
from tests.extract import hubs
from tests.fake import FakeServices
from tests.fake.replies import Item

DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 11, 23, tzinfo=UTC).replace(tzinfo=None)
LIMITS = Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=5, tries=3)


@pytest.fixture(autouse=True, scope="module")
def registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        source = Source(
            modelscope.SOURCE,
            lambda *_: [],
            lambda _con, _pending, _loaded, checks_total: SimpleLoader(
                partial(modelscope.load, checks_total=checks_total)
            ),
        )
        patch.setitem(loading.SOURCES, modelscope.SOURCE, source)
        yield


@pytest.fixture(autouse=True)
def open_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTIDE_TODAY", str(DAY))


def model(name: str, downloads: int = 1, owner: str = "Org", **values: Any) -> Item:
    return {
        "id": f"{owner}/{name}",
        "downloads": downloads,
        "likes": 3,
        "created_at": "2025-01-01T02:00:00+02:00",
        "license": "apache-2.0",
        **values,
    }


def many(count: int, downloads: int = 10) -> list[Item]:
    return [model(f"m{index:04}", downloads + count - index) for index in range(count)]


@pytest.fixture
def fake() -> Iterator[FakeServices]:
    with FakeServices() as services:
        services.modelscope.models = [*many(120), model("x", owner="Other")]
        yield services


def fetch(fake: FakeServices, home: Home, *owners: str, day: date = DAY) -> list[Fetched]:
    client = Client("modelscope", fake.modelscope_endpoint, {}, LIMITS)
    return modelscope.fetch(client, home, owners or ("Org",), day, True)


def load(home: Home) -> list[LoadResult]:
    with Warehouse.open(home) as warehouse:
        return load_manifests(warehouse, list(landed_partitions(home, "modelscope")))


def body(records: Sequence[Item | str], total: int | None = None) -> bytes:
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    total = len(texts) if total is None else total
    text = f'{{"success":true,"data":{{"models":[{",".join(texts)}],"total_count":{total}}}}}'
    return text.encode("utf-8", "surrogatepass")


def land(home: Home, day: date, *pages: Sequence[Item | str], is_complete: bool = True) -> Manifest:
    target = OpenPartition(home, "modelscope", f"{day}.Org")
    for number, records in enumerate(pages, 1):
        target.add(
            f"{number:04}.json", body(records), rows=len(records), fetched_at=MOMENT, origin="/x"
        )
    covered = [] if is_complete else [Covered("Org", False, 1)]
    return target.complete(is_synthetic=True, as_of=day, scope="Org", covered=covered)


# --- fetching ------------------------------------------------------------------------------


def test_a_listing_is_read_to_its_end(fake: FakeServices, home: Home, raw: Any) -> None:
    results = fetch(fake, home, "Org", "Other")
    assert results == [
        Fetched("modelscope", "2026-11-23.Org", "landed", 3, 120),
        Fetched("modelscope", "2026-11-23.Other", "landed", 1, 1),
    ]
    assert [entry.path.split("?")[1] for entry in fake.seen("modelscope")][:2] == [
        "owner=Org&sort=downloads&page_number=1&page_size=50",
        "owner=Org&sort=downloads&page_number=2&page_size=50",
    ]
    assert [result.rows_stored for result in load(home)] == [120, 1]
    assert raw("select * exclude (load_id) from raw.modelscope_readings where scope = 'Other'") == [
        (
            "Other/x", DAY, "Other", "present", 1, 3,
            datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None), "apache-2.0",
        )
    ]  # fmt: skip
    assert raw("select scope, day, is_complete, models_read from raw.read_days order by 1") == [
        ("Org", DAY, True, 120),
        ("Other", DAY, True, 1),
    ]


def test_the_same_day_again_changes_nothing(fake: FakeServices, home: Home) -> None:
    fetch(fake, home)
    load(home)
    fake.log.clear()
    assert fetch(fake, home) == [Fetched("modelscope", "2026-11-23.Org", "already landed", 0, 120)]
    assert fake.log == []
    assert [result.status for result in load(home)] == ["unchanged"]


def test_only_the_open_day(fake: FakeServices, home: Home) -> None:
    with pytest.raises(UnrecoverableError):
        fetch(fake, home, day=date(2026, 11, 22))


def test_a_killed_run_goes_on_at_the_next_page(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = Client.get

    def killed(self: Client, url: str, what: str, *rest: Any) -> Reply:
        if what.endswith("page 2"):
            raise KeyboardInterrupt
        return get(self, url, what, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Client, "get", killed)
        fetch(fake, home)
    fake.log.clear()
    assert fetch(fake, home)[0].status == "landed"
    assert ["page_number=1&" in entry.path for entry in fake.log] == [False, False]
    assert load(home)[0].rows_stored == 120


def test_success_false_is_a_failure(fake: FakeServices, home: Home) -> None:
    fake.faults.success_false("Busy", "try\nagain \x1b[31m", times=None)
    (result,) = fetch(fake, home)
    assert (result.status, result.requests) == ("failed", 3)
    assert "the service says Busy: tryagain [31m" in result.note
    assert not list(home.landing.rglob("*.gz"))
    fake.faults.clear()
    fake.faults.success_false(skip=1)
    assert fetch(fake, home)[0].status == "landed"


MALFORMED = [
    b"",
    b"<html>",
    b"[]",
    b'{"success":true}',
    b'{"success":true,"data":null}',
    b'{"success":true,"data":{"models":null,"total_count":0}}',
    b'{"success":true,"data":{"models":[]}}',
    b'{"success":true,"data":{"models":[],"total_count":"many"}}',
    b'{"success":true,"data":{"models":[],"total_count":-1}}',
    b'{"success":true,"data":{"models":[],"total_count":1e9}}',
    b'{"success":true,"data":{"models":[],"total_count":99999999999999999999}}',
    b'{"success":true,"data":{"models":[{]},"total_count":1}}',
    b'{"success":true,"data":{"models":[],"total_count":1},"data":[]}',
]


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
def test_a_bad_page_is_asked_for_again_and_never_lands(
    fake: FakeServices, home: Home, content: bytes
) -> None:
    fault = fake.faults.malformed(content, times=None)
    (result,) = fetch(fake, home)
    assert (result.status, result.requests) == ("failed", 3)
    assert "\n" not in result.note
    assert not list(home.landing.rglob("*.gz"))
    fault.remove()
    fake.faults.malformed(content)
    assert fetch(fake, home)[0].status == "landed"


def test_a_cut_body_and_a_dropped_connection(fake: FakeServices, home: Home) -> None:
    fake.faults.cut(skip=1)
    fake.faults.drop(skip=2)
    assert fetch(fake, home)[0].status == "landed"
    assert load(home)[0].rows_stored == 120


def test_a_wait_that_is_too_long_ends_the_fetch(fake: FakeServices, home: Home) -> None:
    fake.faults.rate_limited(5000, style="retry-after", match="owner=Org", times=None)
    results = fetch(fake, home, "Org", "Other")
    assert [result.status for result in results] == ["failed", "failed"]
    assert "is to wait 5,000 s" in results[0].note
    assert len(fake.log) == 1


def test_one_owner_that_fails_is_not_the_others_failure(fake: FakeServices, home: Home) -> None:
    fake.faults.status(404, match="owner=Org", times=None)
    assert [result.status for result in fetch(fake, home, "Org", "Other")] == ["failed", "landed"]


def test_more_than_the_service_lists(fake: FakeServices, home: Home, raw: Any) -> None:
    fake.modelscope.models = many(3010)
    (result,) = fetch(fake, home)
    assert (result.status, result.requests, result.rows) == ("landed", 60, 3000)
    assert "listed 3,000 models and gives another number as their total" in result.note
    assert fetch(fake, home)[0].note == result.note
    assert load(home)[0].rows_stored == 3000
    assert raw("select is_complete, models_read from raw.read_days") == [(False, 3000)]


def test_a_page_that_repeats_itself_ends_the_listing(fake: FakeServices, home: Home) -> None:
    first = {"models": many(50), "total_count": 2500}
    fake.faults.replace(lambda reply: {**reply, "data": first}, times=None)
    (result,) = fetch(fake, home)
    assert (result.status, result.requests, result.rows) == ("landed", 2, 100)
    assert "gives another number as their total" in result.note
    (loaded,) = load(home)
    assert (loaded.rows_read, loaded.rows_stored, loaded.rows_unchanged) == (100, 50, 50)


def test_short_pages_end(fake: FakeServices, home: Home) -> None:
    data = {"models": many(120)[50:57], "total_count": 120}
    fake.faults.replace(lambda reply: {**reply, "data": data}, skip=1)
    (result,) = fetch(fake, home)
    assert (result.requests, result.rows) == (3, 77)
    assert "gives another number as their total" in result.note


def test_a_total_below_what_is_listed(
    fake: FakeServices, home: Home, raw: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.modelscope.models = many(60)
    fetch(fake, home)
    load(home)
    day = DAY + timedelta(days=1)
    monkeypatch.setenv("HUBTIDE_TODAY", str(day))
    fake.faults.replace(
        lambda reply: {**reply, "data": {**reply["data"], "total_count": 25}}, times=None
    )
    (result,) = fetch(fake, home, day=day)
    assert (result.status, result.requests, result.rows) == ("landed", 1, 50)
    assert "listed 50 models and gives another number as their total" in result.note
    load(home)
    assert raw("select day, is_complete, models_read from raw.read_days order by day") == [
        (DAY, True, 60),
        (day, False, 50),
    ]
    assert raw("select count(*) from raw.modelscope_readings where presence = 'absent'") == [(0,)]


def test_an_empty_listing(fake: FakeServices, home: Home, raw: Any) -> None:
    fake.modelscope.models = []
    never_there = fetch(fake, home)[0]
    assert never_there.status == "skipped"
    assert "lists no models, and none has landed before" in never_there.note
    fake.modelscope.models = many(2)
    assert fetch(fake, home)[0].status == "landed"
    assert load(home)[0].rows_stored == 2


def test_plan(fake: FakeServices, home: Home) -> None:
    fetch(fake, home)
    assert [(entry.requests, entry.note) for entry in modelscope.plan(home, ["Org", "B"], DAY)] == [
        (0, "already landed"),
        (None, ""),
    ]


# --- loading -------------------------------------------------------------------------------

ROWS = (
    "select modelscope_id, day, presence, downloads_all_time from raw.modelscope_readings "
    "order by all"
)


def days(*numbers: int) -> list[date]:
    return [date(2026, 11, number) for number in numbers]


def test_sparse_rows(home: Home, raw: Any) -> None:
    d1, d2, d3, d4 = days(20, 21, 22, 24)
    land(home, d1, [model("a", 1), model("b", 1)])
    land(home, d2, [model("a", 1), model("b", 2)])
    land(home, d3, [model("a", 1)])
    land(home, d4, [model("a", 1), model("b", 2)])
    land(home, date(2026, 12, 1), [model("a", 1), model("b", 2)])
    results = load(home)
    assert raw(ROWS) == [
        ("Org/a", d1, "present", 1),
        ("Org/a", date(2026, 12, 1), "present", 1),
        ("Org/b", d1, "present", 1),
        ("Org/b", d2, "present", 2),
        ("Org/b", d3, "absent", None),
        ("Org/b", d4, "present", 2),
        ("Org/b", date(2026, 12, 1), "present", 2),
    ]
    counts = "rows_read, rows_stored, rows_unchanged, rows_rejected, rows_absent"
    assert raw(f"select {counts} from raw.loads order by partition") == [
        (2, 2, 0, 0, 0), (2, 1, 1, 0, 0), (1, 0, 1, 0, 1), (2, 1, 1, 0, 0), (2, 2, 0, 0, 0),
    ]  # fmt: skip
    assert [result.status for result in results] == ["loaded"] * 5


def test_repeats_are_no_rejects_and_the_last_page_counts(home: Home, raw: Any) -> None:
    land(home, DAY, [model("a", 1), model("b", 1)], [model("a", 2), model("c", 5)])
    (result,) = load(home)
    assert (result.rows_read, result.rows_stored, result.rows_unchanged) == (4, 3, 1)
    assert raw(ROWS)[0] == ("Org/a", DAY, "present", 2)


def test_a_rejected_record_is_unknown(home: Home, raw: Any) -> None:
    d1, d2 = days(20, 21)
    land(home, d1, many(200))
    land(home, d2, [*many(199), model("m0199", -5)])
    results = load(home)
    assert (results[1].rows_rejected, results[1].rows_stored) == (1, 199)
    assert raw("select modelscope_id from raw.modelscope_readings where presence = 'unknown'") == [
        ("Org/m0199",)
    ]
    assert raw("select page, row_number, reason from raw.rejects") == [
        ("0001.json.gz", 200, "downloads is negative")
    ]


def test_a_fall_to_a_thousandth_fails(home: Home, raw: Any) -> None:
    d1, d2, d3 = days(20, 21, 22)
    land(home, d1, [model("a", 5000), model("b", 5000)])
    land(home, d2, [model("a", 5), model("b", 5)])
    land(home, d3, [model("a", 5001), model("b", 5000)])
    with pytest.raises(LoadFailedError, match="sum to 10, below a tenth of the previous") as caught:
        load(home)
    assert [result.status for result in caught.value.results] == ["loaded", "failed", "loaded"]
    assert raw("select day from raw.read_days order by day") == [(d1,), (d3,)]
    before = raw(ROWS)
    assert loading.rebuild(home)
    assert raw(ROWS) == before


def test_too_many_rejected_leaves_what_was_there(home: Home, raw: Any) -> None:
    d1, d2 = days(20, 21)
    land(home, d1, many(20))
    land(home, d2, [*many(19), model("bad", -1)])
    with pytest.raises(LoadFailedError, match="1 of 20 rows break the contract"):
        load(home)
    assert raw("select count(*), max(day) from raw.modelscope_readings") == [(20, d1)]


def test_an_incomplete_listing_says_nothing_of_other_models(home: Home, raw: Any) -> None:
    d1, d2, d3 = days(20, 21, 22)
    land(home, d1, [model("a", 1), model("b", 1)])
    land(home, d2, [model("a", 1)], is_complete=False)
    land(home, d3, [model("a", 1), model("b", 1)])
    load(home)
    assert raw(ROWS) == [
        ("Org/a", d1, "present", 1),
        ("Org/a", d2, "present", 1),
        ("Org/b", d1, "present", 1),
    ]
    assert raw("select day, is_complete from raw.read_days order by day") == [
        (d1, True), (d2, False), (d3, True),
    ]  # fmt: skip


# --- any order -----------------------------------------------------------------------------

START = date(2026, 10, 29)
Content = tuple[bool, Mapping[str, tuple[int, str]]]

contents: st.SearchStrategy[Content] = st.tuples(
    st.booleans() | st.just(True),
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.tuples(st.integers(min_value=-1, max_value=2), st.sampled_from(["mit", "x"])),
        min_size=1,
    ),
)


def land_content(home: Home, number: int, content: Content) -> Manifest:
    is_complete, models = content
    records = [model(name, count, license=text) for name, (count, text) in models.items()]
    return land(home, START + timedelta(days=number), records, is_complete=is_complete)


def expected(sequence: Sequence[tuple[int, Content]]) -> list[tuple[Any, ...]]:
    """The sparse rows by the definition, day after day."""
    rows: list[tuple[Any, ...]] = []
    prior: dict[str, tuple[Any, ...]] = {}
    months: set[int] = set()
    for number, (is_complete, models) in sequence:
        day = START + timedelta(days=number)
        now: dict[str, tuple[Any, ...]] = {
            f"Org/{name}": ("present", *values) if values[0] >= 0 else ("unknown", None, None)
            for name, values in models.items()
        }
        if not is_complete:
            rows += [(name, day, *values) for name, values in now.items()]
            continue
        for name, values in now.items():
            if prior.get(name) != values or day.month not in months:
                rows.append((name, day, *values))
        rows += [(name, day, "absent", None, None) for name in prior if name not in now]
        months.add(day.month)
        prior = now
    return sorted(rows, key=repr)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chain=st.lists(st.none() | contents, min_size=1, max_size=6),
    superseded=st.lists(contents, max_size=3),
    data=st.data(),
)
def test_any_order_gives_the_same_rows(
    chain: list[Content | None],
    superseded: list[Content],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = Home(tmp_path_factory.mktemp("order"))
    final = [(number, content) for number, content in enumerate(chain) if content is not None]
    if not final:
        return
    # Earlier content of some days, loaded at any time before the final one.
    early = [
        (data.draw(st.sampled_from([number for number, _ in final])), content)
        for content in superseded
    ]
    order = data.draw(st.permutations([*final]))
    steps: list[tuple[int, Content]] = list(order)
    for entry in early:
        last = next(index for index, step in enumerate(steps) if step in final and
                    step[0] == entry[0])  # fmt: skip
        steps.insert(data.draw(st.integers(min_value=0, max_value=last)), entry)
    dumps = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("extract.rules.MAX_REJECTED_SHARE", 1)
        patch.setattr("extract.rules.MIN_SHARE_OF_PREVIOUS_TOTAL", 0)
        for sequence in (steps, final):
            with Warehouse.over(duckdb.connect()) as warehouse:
                for step in sequence:
                    load_manifests(warehouse, [land_content(home, *step)])
                dumps.append(hubs.dump(warehouse.con))
                rows = hubs.rows_of(
                    warehouse.con,
                    "select modelscope_id, day, presence, downloads_all_time, license "
                    "from raw.modelscope_readings",
                )
                assert sorted(rows, key=repr) == expected(final)
                wrong = hubs.rows_of(
                    warehouse.con,
                    "select * from raw.loads where status = 'loaded' and "
                    "rows_read <> rows_stored + rows_unchanged + rows_rejected",
                )
                assert wrong == []
    assert dumps[0] == dumps[1]


# --- hostile records -----------------------------------------------------------------------

DEEP = "[" * 10_000 + "]" * 10_000


def record(**values: str) -> str:
    fields = {"id": '"Org/x"', "downloads": "5", **values}
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"


BAD = [
    (record(id="null"), "id is missing"),
    (record(id="7"), "id is no text"),
    (record(id='"Org/\\ud800"'), "id is no Unicode text"),
    (record(id='"Org/a\\u0000"'), "id has control characters"),
    (record(id='"' + "x" * 10_000_000 + '"'), "id is longer than 200"),
    (record(id='"Org/../../etc"'), "id is no repository id"),
    (record(id='"Org/\';drop table raw.loads"'), "id is no repository id"),
    (record(id='"Org"'), "id is no repository id"),
    (record(id='"Another/x"'), "id is of another owner"),
    (record(downloads="null"), "downloads is missing"),
    (record(downloads="NaN"), "downloads is unreadable"),
    (record(downloads="Infinity"), "downloads is unreadable"),
    (record(downloads="1e400"), "downloads is unreadable"),
    (record(downloads="1.5"), "downloads is unreadable"),
    (record(downloads="9223372036854775808"), "downloads is unreadable"),
    (record(downloads="[1]"), "downloads is unreadable"),
    (record(downloads="false"), "downloads is unreadable"),
    (record(downloads="-1"), "downloads is negative"),
    (record(likes="{}"), "likes is unreadable"),
    (record(likes="-1"), "likes is negative"),
    (record(created_at='"yesterday"'), "created_at is no date"),
    (record(created_at='"infinity"'), "created_at is out of range"),
    (record(created_at="1700000000"), "created_at is no text"),
    (record(license='["mit"]'), "license is no text"),
    (record(license='"a\\nb"'), "license has control characters"),
    (record(tags=DEEP), "the record is nested too deep"),
    (DEEP, "the record is nested too deep"),
    ("true", "the record is no object"),
]


def test_bad_records_are_set_aside(home: Home, raw: Any) -> None:
    good = [model(f"g{index}", index) for index in range(3000)]
    land(home, DAY, good, [text for text, _ in BAD])
    (result,) = load(home)
    assert (result.rows_read, result.rows_stored, result.rows_rejected) == (3028, 3000, 28)
    assert raw("select page, reason, payload from raw.rejects order by row_number") == [
        ("0002.json.gz", reason, text) for text, reason in BAD
    ]
    assert raw("select distinct modelscope_id from raw.modelscope_readings "
               "where presence = 'unknown'") == [("Org/x",)]  # fmt: skip


def test_what_is_no_fault(home: Home, raw: Any) -> None:
    texts = [
        record(id='"oRG/a"', created_at='"0001-01-01T00:00:00Z"', license='""'),
        record(id='"Org/b"', downloads='"7"', likes="2.0", extra="1"),
        '\n{ "id":"Org/old", "id":"Org/c", "downloads":1000000000000000 }\t',
    ]
    land(home, DAY, texts)
    assert load(home)[0].note == "unknown columns: extra"
    assert raw(
        "select modelscope_id, downloads_all_time, likes, created_at, license "
        "from raw.modelscope_readings order by downloads_all_time"
    ) == [
        ("oRG/a", 5, None, None, None),
        ("Org/b", 7, 2, None, None),
        ("Org/c", 10**15, None, None, None),
    ]


def test_totals_beyond_64_bits(home: Home) -> None:
    for day in days(20, 21):
        # The largest number that is believed, so many times that their sum is no bigint.
        land(home, day, [model(f"m{number}", 10**15) for number in range(9300)])
    assert [result.status for result in load(home)] == ["loaded", "loaded"]


def test_a_landed_page_that_is_broken(home: Home) -> None:
    manifest = land(home, DAY, [model("a")])
    path = manifest.path_of(manifest.files[0])
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(LoadFailedError, match="cannot be read"):
        load(home)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(categories=None), max_size=8)
    | st.sampled_from(["Org/a", "Org/b", "5", "2025-01-01", "infinity", "24:00", "mit", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
values = json_values.map(json.dumps) | st.sampled_from(
    ["1e400", "-0", "1.0", "NaN", "[" * 3000 + "]" * 3000, '"\\ud800"', '"Org/a"', "3"]
)
fields = st.lists(
    st.tuples(st.sampled_from(["id", "downloads", "likes", "created_at", "license", "x"]), values),
    max_size=6,
)
hostile = values | fields.map(
    lambda pairs: "{" + ",".join(f'"{key}":{text}' for key, text in pairs) + "}"
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(st.lists(hostile, max_size=5), min_size=1, max_size=2))
def test_any_records(pages: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("any"))
    for part in pages:
        assert modelscope._page_problem(body(part)) is None
        modelscope.Listing().add(body(part))
    manifest = land(home, DAY, *pages)
    count = sum(map(len, pages))
    with pytest.MonkeyPatch.context() as patch, Warehouse.over(duckdb.connect()) as warehouse:
        patch.setattr("extract.rules.MAX_REJECTED_SHARE", 1)
        if count == 0:
            with pytest.raises(LoadFailedError, match="has no rows"):
                load_manifests(warehouse, [manifest])
            return
        (result,) = load_manifests(warehouse, [manifest])
        stored, rejected = hubs.rows_of(
            warehouse.con,
            "select (select count(*) from raw.modelscope_readings where presence = 'present'), "
            "(select count(*) from raw.rejects)",
        )[0]
        assert (stored, rejected) == (result.rows_stored, result.rows_rejected)
        assert result.rows_read == count == stored + rejected + result.rows_unchanged
        assert result.rows_unchanged >= 0


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=60)
    | st.text('{}[]",:1 ', max_size=40).map(str.encode)
    | values.map(lambda text: f'{{"data":{{"models":[],"total_count":{text}}}}}'.encode())
    | values.map(lambda text: f'{{"data":{{"models":{text},"total_count":1}}}}'.encode())
    | values.map(lambda text: f'{{"success":false,"code":{text},"message":{text}}}'.encode())
)
def test_any_bytes_as_a_page(content: bytes) -> None:
    problem = modelscope._page_problem(content)
    if problem is None:
        listing = modelscope.Listing()
        listing.add(content)
    else:
        assert "\n" not in problem
