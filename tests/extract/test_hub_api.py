"""Organisations through the Hub's API: fetched, landed, loaded, whatever happens in between."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract import rules
from extract.errors import (
    HubtideError,
    LoadFailedError,
    RefusedError,
    UnrecoverableError,
)
from extract.fetching import open_day, synthetic_endpoint
from extract.home import Home, utc_now
from extract.http import Limits
from extract.landing import Incoming, Manifest, OpenPartition, land, landed_partitions
from extract.live import Ask, fetch_days
from extract.loading import load_manifests
from extract.sources import hub_api
from extract.warehouse import Warehouse
from tests.extract import hubs, live
from tests.extract.live import DAY, NEXT_DAY, TOKEN, fetch, load, read_aloud, record, set_day
from tests.fake.server import FakeServices

Query = Callable[..., list[tuple[Any, ...]]]

READINGS = (
    "select day, scope, hub_oid, model_id, presence, downloads_all_time from raw.hub_api_readings "
    "inner join raw.model_names using (name_key) order by all"
)


def failed(home: Home, *scopes: str, **values: Any) -> str:
    """The line of the one scope that fails first."""
    results = fetch(home, *scopes, **values)
    return read_aloud(next(result.note for result in results if result.status == "failed"))


# --- a day -------------------------------------------------------------------------------


def test_sixty_organisations_take_few_requests(fake: FakeServices, home: Home, raw: Query) -> None:
    draw = random.Random(1)
    names = [f"org-{number}" for number in range(60)]
    counts = [1100, *(draw.randint(1, 29) for _ in names[1:])]
    numbers = itertools.count(1)
    fake.hub.models = [
        record(next(numbers), org)
        for org, count in zip(names, counts, strict=True)
        for _ in range(count)
    ][:2000]
    results = fetch(home, *names)
    assert {result.status for result in results} == {"landed"}
    assert len(fake.log) <= 75
    assert sum(result.requests for result in results) == len(fake.log)
    load(home)
    assert raw("select count(*) from raw.hub_api_readings") == [(len(fake.hub.models),)]


def test_what_has_landed_is_not_asked_for_again(fake: FakeServices, home: Home) -> None:
    fake.hub.models = [record(1), record(2, "openai")]
    fetch(home, "Qwen", "openai")
    before = len(fake.log)
    assert [result.status for result in fetch(home, "Qwen", "openai")] == ["already landed"] * 2
    assert len(fake.log) == before
    assert [entry.requests for entry in hub_api.plan(home, ["Qwen", "new"], DAY)] == [0, 1]
    assert [entry.requests for entry in hub_api.plan(home, ["Qwen", "new"], NEXT_DAY)] == [1, 1]


def test_the_plan_knows_pages_of_the_very_scope(fake: FakeServices, home: Home) -> None:
    fake.hub.models = [record(number, "x.ai") for number in range(4)]
    fake.hub.max_page_size = 1
    fetch(home, "x.ai")
    assert [entry.requests for entry in hub_api.plan(home, ["ai", "x.ai"], NEXT_DAY)] == [1, 4]


def test_only_the_open_day_can_be_fetched(fake: FakeServices, home: Home) -> None:
    with pytest.raises(UnrecoverableError) as caught:
        fetch(home, "Qwen", day=DAY - timedelta(days=1))
    assert "2026-03-09 cannot be fetched any more" in read_aloud(caught.value)
    assert fake.log == []


def over(home: Home, *organizations: str) -> dict[str, str]:
    """What asking for DAY gives on the day after, by partition."""
    asking = Ask(organizations=organizations, day=NEXT_DAY)
    results = fetch_days("hub_api", [DAY], asking, home, True, lambda _: None)
    return {result.partition: result.status for result in results}


def test_a_day_that_is_over_is_short_of_what_did_not_land(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.models = [record(number, org) for number, org in enumerate("abcdefg")]
    fake.faults.status(503, times=None, skip=1)
    fetch(home, *"abcdef")  # the last two are not asked for, after three failures
    set_day(fake, monkeypatch, NEXT_DAY)
    fake.faults.clear()
    assert over(home, "a") == {
        f"{DAY}.a": "already landed",
        **dict.fromkeys((f"{DAY}.{org}" for org in "bcdef"), "failed"),
    }


def test_a_day_that_landed_whole_lacks_no_later_or_empty_organisation(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.models = [record(1), record(2, "openai")]
    fetch(home, "Qwen", "empty")
    fetch(home, "Qwen", "openai")  # the day's second fetch asks for others
    set_day(fake, monkeypatch, NEXT_DAY)
    assert over(home, "Qwen", "empty", "later") == {
        f"{DAY}.Qwen": "already landed",
        f"{DAY}.openai": "already landed",
    }


def test_without_a_note_of_the_day_the_present_list_counts(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.models = [record(1)]
    fetch(home, "Qwen")
    shutil.rmtree(home.landing / "hub_api" / ".asked")
    set_day(fake, monkeypatch, NEXT_DAY)
    assert over(home, "Qwen") == {f"{DAY}.Qwen": "already landed"}
    assert over(home, "Qwen", "x") == {f"{DAY}.Qwen": "already landed", f"{DAY}.x": "failed"}


def test_the_day_begins_at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBTIDE_TODAY", raising=False)
    assert open_day() == (utc_now() - timedelta(hours=12)).date()


def test_a_day_of_ones_own_needs_a_server_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-03-10")
    assert synthetic_endpoint("http://127.0.0.1:8000/hf")
    with pytest.raises(HubtideError) as caught:
        synthetic_endpoint("https://huggingface.co")
    assert "HUBTIDE_TODAY is set, and a public service only knows the real day" in read_aloud(
        caught.value
    )
    monkeypatch.delenv("HUBTIDE_TODAY")
    assert not synthetic_endpoint("https://huggingface.co")


# --- changes from day to day -----------------------------------------------------------------


def days_of(
    fake: FakeServices,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    *days: list[dict[str, Any]],
    scopes: tuple[str, ...] = ("Qwen",),
) -> None:
    for number, models in enumerate(days):
        day = DAY + timedelta(days=number)
        set_day(fake, monkeypatch, day)
        fake.hub.models = models
        assert {entry.status for entry in fetch(home, *scopes, day=day)} == {"landed"}
        load(home)


def test_a_renamed_model_is_another_name_of_the_same_id(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of(fake, home, monkeypatch, [record(1), record(2)], [record(1, id="Qwen/new"), record(2)])
    oid = f"{1:024x}"
    assert [row for row in raw(READINGS) if row[2] == oid] == [
        (DAY, "Qwen", oid, "Qwen/m1", "present", 100),
        (NEXT_DAY, "Qwen", oid, "Qwen/m1", "absent", None),
        (NEXT_DAY, "Qwen", oid, "Qwen/new", "present", 100),
    ]


def test_a_model_moved_between_organisations(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [record(1), record(2), record(3, "openai")]
    after = [record(1, "openai"), record(2), record(3, "openai")]
    days_of(fake, home, monkeypatch, before, after, scopes=("Qwen", "openai"))
    assert [row for row in raw(READINGS) if row[0] == NEXT_DAY] == [
        (NEXT_DAY, "Qwen", f"{1:024x}", "Qwen/m1", "absent", None),
        (NEXT_DAY, "openai", f"{1:024x}", "openai/m1", "present", 100),
    ]


def test_a_disappearance_is_one_row_and_a_return_another(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, one = [record(1), record(2)], [record(2)]
    days_of(fake, home, monkeypatch, both, one, one, both, both)
    assert [(row[0].day, row[4]) for row in raw(READINGS) if row[3] == "Qwen/m1"] == [
        (10, "present"),
        (11, "absent"),
        (13, "present"),
    ]


def test_a_name_that_was_never_there_is_skipped(fake: FakeServices, home: Home) -> None:
    fake.hub.models = [record(1, "x.ai")]
    results = fetch(home, "x.ai", "ai")
    assert [result.status for result in results] == ["landed", "skipped"]
    assert "ai lists no models" in read_aloud(results[1].note)
    assert [result.status for result in load(home)] == ["loaded"]
    assert live.half_written(home) == []


def test_a_listing_of_others_is_not_taken_for_an_organisations(
    fake: FakeServices, home: Home
) -> None:
    fake.hub.models = [record(1), record(2), record(3, "openai")]
    others = [record(number, "x.ai") for number in range(11, 14)]
    heedless = fake.faults.replace(lambda page: [*page, *others], match="author=Qwen", times=None)
    line = failed(home, "Qwen", "openai")
    assert line == (
        "hub_api: most models listed for Qwen are others' (x.ai): it has another name now, or the "
        "Hub did not heed whose were asked for"
    )
    assert live.half_written(home) == []
    # A name that somebody spells otherwise is the same.
    heedless.remove()
    assert {result.status for result in fetch(home, "Qwen", "openai")} == {
        "landed", "already landed",
    }  # fmt: skip


def test_an_empty_listing_leaves_what_was_there(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of(fake, home, monkeypatch, [record(1)])
    set_day(fake, monkeypatch, NEXT_DAY)
    before = raw(READINGS)
    fake.faults.empty()
    fetch(home, "Qwen", day=NEXT_DAY)
    with pytest.raises(LoadFailedError) as caught:
        load(home)
    assert read_aloud(caught.value).startswith("hub_api 2026-03-11.Qwen: the delivery has no rows")
    assert raw(READINGS) == before
    # Set aside, it is fetched again.
    assert [entry.status for entry in fetch(home, "Qwen", day=NEXT_DAY)] == ["landed"]
    assert [entry.status for entry in load(home)] == ["loaded"]
    assert raw("select day from raw.read_days order by day") == [(DAY,), (NEXT_DAY,)]


def test_a_total_that_falls_a_thousandfold_is_refused(
    fake: FakeServices, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [record(number, downloadsAllTime=10**6) for number in range(1, 5)]
    days_of(fake, home, monkeypatch, many)
    set_day(fake, monkeypatch, NEXT_DAY)
    broken = fake.faults.replace(
        lambda page: [{**item, "downloadsAllTime": 1000} for item in page], times=None
    )
    before = raw(READINGS)
    fetch(home, "Qwen", day=NEXT_DAY)
    with pytest.raises(LoadFailedError) as caught:
        load(home)
    assert "all-time downloads sum to 4,000, below a tenth" in read_aloud(caught.value)
    assert raw(READINGS) == before
    broken.remove()
    fetch(home, "Qwen", day=NEXT_DAY)
    assert [entry.status for entry in load(home)] == ["loaded"]
    assert live.half_written(home) == []


@pytest.mark.parametrize("for_good", [False, True])
def test_a_field_that_all_have_lost_is_refused(
    fake: FakeServices,
    home: Home,
    raw: Query,
    monkeypatch: pytest.MonkeyPatch,
    for_good: bool,
) -> None:
    """Six models of Qwen lose their tags; four of five children keep their parents, one of openai's
    four models its tags: a model may, all may not."""
    children = [live.child(number, record(1), "deepseek") for number in range(11, 16)]
    models = [record(number) for number in range(1, 7)]
    others = [record(number, "openai") for number in range(21, 25)]
    scopes = ("Qwen", "deepseek", "openai")
    days_of(fake, home, monkeypatch, [*models, *children, *others], scopes=scopes)
    set_day(fake, monkeypatch, NEXT_DAY)
    fake.hub.models = [
        *(record(number, tags=None if number % 2 else []) for number in range(1, 7)),
        *(live.child(number, record(1), "deepseek", likes=9) for number in range(11, 15)),
        record(15, "deepseek", tags=["new"]),
        *(record(number, "openai", tags=None) for number in range(21, 24)),
        record(24, "openai"),
    ]
    fetch(home, *scopes, day=NEXT_DAY)
    with pytest.raises(LoadFailedError) as caught:
        load(home)
    assert read_aloud(caught.value) == (
        "hub_api 2026-03-11.Qwen: nearly all models have lost tags (0 of 6 models): the source no "
        "longer sends it, or under another name; nothing was loaded. Fetch the day again, or, "
        "where it is gone for good, name it in HUBTIDE_LOST_FIELDS"
    )
    days = "select scope from raw.read_days where day = '2026-03-11' order by scope"
    assert raw(days) == [("deepseek",), ("openai",)]
    # What it sent before is there, and nothing of the failed day.
    assert raw("select count(*) from raw.hub_api_metadata where scope = 'Qwen'") == [(6,)]
    assert raw(
        "select count(*) from raw.hub_api_readings where scope = 'Qwen' and day > '2026-03-10'"
    ) == [(0,)]
    # Gone for good, or sent again, it is loaded.
    if for_good:
        monkeypatch.setenv("HUBTIDE_LOST_FIELDS", "gguf, tags")
    else:
        fake.hub.models = models
    fetch(home, "Qwen", day=NEXT_DAY)
    assert [entry.status for entry in load(home)].count("loaded") == 1
    assert live.half_written(home) == []


# --- pages --------------------------------------------------------------------------------


def pages_of_two(fake: FakeServices, count: int = 7) -> None:
    fake.hub.models = [record(number) for number in range(1, count + 1)]
    fake.hub.max_page_size = 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda page: page[::-1],
        lambda page: [*page, *page],
        lambda page: [page[0], *page, page[-1]],
    ],
    ids=["reordered", "twice on a page", "ends repeated"],
)
def test_the_order_of_a_page_does_not_matter(
    fake: FakeServices, home: Home, raw: Query, edit: Callable[[Any], Any]
) -> None:
    pages_of_two(fake)
    fake.faults.replace(edit, times=2, skip=1)
    fetch(home, "Qwen")
    (result,) = load(home)
    assert (result.rows_stored, result.rows_rejected) == (7, 0)
    assert raw("select distinct models_read from raw.read_days") == [(7,)]
    assert [row[5] for row in raw(READINGS)] == [100 * number for number in range(1, 8)]


def test_a_page_repeated_gives_the_same_rows(fake: FakeServices, home: Home, raw: Query) -> None:
    pages_of_two(fake)
    first: list[list[Any]] = []

    def repeat(page: list[Any]) -> list[Any]:
        first.append(page)
        return first[0]

    shown = fake.faults.replace(repeat, times=2)
    second = "limit=1000"
    fake.faults.loop(
        to=f"{fake.hf_endpoint}/api/models?author=Qwen&sort=createdAt&{second}", skip=1
    )
    fetch(home, "Qwen")
    assert shown.hits == 2
    (result,) = load(home)
    assert (result.rows_stored, result.rows_unchanged, result.rows_rejected) == (7, 4, 0)
    assert len(raw(READINGS)) == 7


def test_the_last_of_two_readings_counts(fake: FakeServices, home: Home, raw: Query) -> None:
    fake.hub.models = [record(1)]
    later = record(1, downloadsAllTime=101)
    fake.faults.replace(lambda page: [*page, later])
    fetch(home, "Qwen")
    load(home)
    assert [row[5] for row in raw(READINGS)] == [101]


def endless(fake: FakeServices, edit: Callable[[Any], Any] = lambda page: page) -> None:
    """Every page has a next one, at an address of its own."""
    fake.faults.replace(edit, times=None)
    numbers = itertools.count()

    def onward(_request: Any, respond: Any) -> Any:
        reply = respond()
        reply.headers["Link"] = (
            f'<{fake.hf_endpoint}/api/models?author=Qwen&n={next(numbers)}>; rel="next"'
        )
        return reply

    fake.faults._add("endless", onward, is_edit=True, times=None)


def test_a_cursor_that_loops_ends_and_can_be_taken_up(fake: FakeServices, home: Home) -> None:
    pages_of_two(fake)
    loop = fake.faults.loop(skip=1)
    assert "the listing runs in a circle. Run this again later" in failed(home, "Qwen")
    assert live.manifests(home) == {}
    loop.remove()
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    (result,) = load(home)
    assert result.rows_stored == 7


@pytest.mark.parametrize("kind", ["same", "counters move", "empty", "ever new"])
def test_a_listing_that_never_ends_is_ended(
    fake: FakeServices, home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_api, "MAX_PAGES", 15, raising=False)
    fake.hub.models = [record(1), record(2)]
    numbers = itertools.count(1000)
    edits: dict[str, Callable[[Any], Any]] = {
        "same": lambda page: page,
        "counters move": lambda page: [{**item, "downloads": next(numbers)} for item in page],
        "empty": lambda page: [],
        "ever new": lambda page: [record(next(numbers)) for _ in page],
    }
    endless(fake, edits[kind])
    line = failed(home, "Qwen", limits=Limits(max_requests=60, first_wait=0.01))
    assert line.startswith("hub_api: Qwen ")
    assert "run this again later" in line
    assert len(fake.log) <= 16
    assert live.manifests(home) == {}


def test_a_run_goes_on_at_the_first_page_that_has_not_landed(
    fake: FakeServices, home: Home
) -> None:
    pages_of_two(fake)
    fake.faults.status(503, times=None, skip=2)
    assert "failed 3 times (status 503)" in failed(home, "Qwen")
    fake.faults.clear()
    first = live.asked(fake)
    fake.log.clear()
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    again = live.asked(fake)
    assert len(again) == 2
    assert not {*again} & {*first[:2]}
    (manifest,) = landed_partitions(home, "hub_api")
    assert [file.name for file in manifest.files] == [f"000{n}.json.gz" for n in range(1, 5)]
    assert load(home)[0].rows_read == 7


def test_the_limit_of_requests_ends_a_run_and_the_next_goes_on(
    fake: FakeServices, home: Home
) -> None:
    pages_of_two(fake)
    fake.hub.models.append(record(9, "openai"))
    few = Limits(max_requests=2, first_wait=0.01)
    results = fetch(home, "Qwen", "openai", limits=few)
    assert [result.status for result in results] == ["failed", "failed"]
    assert read_aloud(results[0].note) == (
        "hub_api: the limit of 2 requests is used up before Qwen page 3; what has landed is kept, "
        "and the same command goes on from there"
    )
    assert read_aloud(results[1].note) == "hub_api: not asked for, after the failure before"
    assert len(fake.log) == 2
    results = fetch(home, "Qwen", "openai", limits=few)
    assert [result.status for result in results] == ["landed", "failed"]
    results = fetch(home, "Qwen", "openai", limits=few)
    assert [result.status for result in results] == ["already landed", "landed"]
    assert len(fake.log) == 5


@pytest.mark.parametrize("status", [400, 404, 410])
def test_an_expired_cursor_begins_anew(fake: FakeServices, home: Home, status: int) -> None:
    pages_of_two(fake)
    fetch(home, "Qwen", limits=Limits(max_requests=2))
    fake.faults.status(status, match="cursor=")
    fake.log.clear()
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    assert len(fake.log) == 5
    (result,) = load(home)
    assert (result.rows_read, result.rows_stored) == (7, 7)
    assert live.half_written(home) == []


def test_a_wrong_token_does_not_throw_away_what_has_landed(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of_two(fake)
    fetch(home, "Qwen", limits=Limits(max_requests=2))
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "status 401; is the token or key right?" in failed(home, "Qwen")
    monkeypatch.delenv("HF_TOKEN")
    fake.log.clear()
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    assert len(fake.log) == 2


def test_another_endpoint_begins_anew(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of_two(fake)
    fetch(home, "Qwen", limits=Limits(max_requests=2))
    with FakeServices() as other:
        other.hub.models = [record(8)]
        monkeypatch.setenv("HF_ENDPOINT", other.hf_endpoint)
        assert [(entry.status, entry.rows) for entry in fetch(home, "Qwen")] == [("landed", 1)]


# --- failures of one and of all ------------------------------------------------------------


def test_the_failure_of_one_is_not_that_of_another(fake: FakeServices, home: Home) -> None:
    fake.hub.models = [record(number, org) for number, org in enumerate("abcd")]
    fake.faults.status(503, match="author=b", times=None)
    results = fetch(home, "a", "b", "c", "d")
    assert [result.status for result in results] == ["landed", "failed", "landed", "landed"]
    fake.faults.clear()
    results = fetch(home, "a", "b", "c", "d")
    assert [result.status for result in results].count("already landed") == 3


def test_a_page_without_end_costs_the_others_nothing(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.http.MAX_REPLY_BYTES", 2**20)
    fake.hub.models = [record(1, "google")]
    fake.faults.pour(b" " * 2**16, match="author=Qwen", times=None)
    results = fetch(home, "Qwen", "google")
    assert [(result.status, result.requests) for result in results] == [
        ("failed", 1),
        ("landed", 1),
    ]
    assert "Qwen page 1 has more than 1,048,576 bytes" in read_aloud(results[0].note)
    assert not results[0].is_transient


@pytest.mark.parametrize("kind", ["status 500", "maintenance page", "wrong token"])
def test_a_service_that_is_down_is_not_asked_for_everything(
    fake: FakeServices, home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "status 500":
        fake.faults.status(500, times=None)
    elif kind == "maintenance page":
        fake.faults.malformed(b"<html>down</html>", times=None)
    else:
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    results = fetch(home, *"abcdefgh")
    assert {result.status for result in results} == {"failed"}
    assert len(fake.log) <= 9
    assert len({read_aloud(result.note) for result in results}) == 4


@pytest.mark.parametrize("name", ["bad/org", "", "../up", "a b\n", "x" * 200, "*", "\x00"])
def test_a_name_that_is_none_costs_the_others_nothing(
    fake: FakeServices, home: Home, name: str
) -> None:
    fake.hub.models = [record(1)]
    results = fetch(home, name, "Qwen")
    assert [result.status for result in results] == ["failed", "landed"]
    assert "cannot be the name of an organisation" in read_aloud(results[0].note)
    assert len(fake.log) == 1


def test_a_manifest_that_is_damaged_costs_the_others_nothing(
    fake: FakeServices, home: Home
) -> None:
    fake.hub.models = [record(1), record(2, "openai")]
    damaged = home.landing / "hub_api" / f"{DAY}.Qwen" / "manifest.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    results = fetch(home, "Qwen", "openai")
    assert [result.status for result in results] == ["failed", "landed"]
    assert "is no manifest of this project" in read_aloud(results[0].note)


def test_no_secret_is_left_behind(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of_two(fake)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    fetch(home, "Qwen", limits=Limits(max_requests=2))
    live.discover(home, ["Qwen/m1"], limits=Limits(max_requests=1))
    written = [path for path in home.root.rglob("*") if path.is_file()]
    assert any(path.name == ".journal.jsonl" for path in written)
    fetch(home, "Qwen")
    load(home)
    written += [path for path in home.root.rglob("*") if path.is_file()]
    assert {entry.token for entry in fake.log} == {TOKEN}
    for path in written:
        assert not path.exists() or TOKEN.encode() not in path.read_bytes(), path.name


# --- a full disk ----------------------------------------------------------------------------


class FullDisk:
    """The n-th fsync finds no room, and so does every one after it until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = -1
        self.calls = 0
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        self.calls += 1
        if 0 <= self.room < self.calls:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(descriptor)


def test_a_full_disk_at_any_write(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.models = [record(1), record(2), record(3), record(4, "openai")]
    fake.hub.max_page_size = 2
    disk = FullDisk(monkeypatch)
    fetch(Home(tmp_path / "room"), "Qwen", "openai")
    digests = live.manifests(Home(tmp_path / "room"))
    for room in range(disk.calls):
        home = Home(tmp_path / str(room))
        disk.room, disk.calls = room, 0
        line = failed(home, "Qwen", "openai")
        assert "(No space left on device); make room and run this again" in line
        assert [path.name for path in home.root.rglob(".landing-*")] == []
        disk.room = -1
        results = fetch(home, "Qwen", "openai")
        assert {result.status for result in results} <= {"landed", "already landed"}
        assert live.manifests(home) == digests
        assert live.half_written(home) == []


@pytest.mark.parametrize("what", ["write", "mkdir", "lock"])
def test_no_room_elsewhere(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fake.hub.models = [record(1)]
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refuse(*_: Any, **__: Any) -> Any:
        raise full

    with monkeypatch.context() as patched:
        if what == "mkdir":
            patched.setattr(Path, "mkdir", refuse)
        elif what == "lock":
            patched.setattr("extract.landing.fcntl.flock", refuse)
        else:
            true_open = Path.open

            def half(path: Path, mode: str = "r", *args: Any, **values: Any) -> Any:
                stream = true_open(path, mode, *args, **values)
                if path.name.startswith(".landing-"):
                    stream.write(b"half")
                    stream.close()
                    stream = io.BytesIO()
                    stream.write = refuse  # type: ignore[method-assign]
                return stream

            patched.setattr(Path, "open", half)
        assert "No space left on device" in failed(home, "Qwen")
    assert live.half_written(home) == []
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]


# --- the journal ----------------------------------------------------------------------------


def test_a_journal_that_outlived_its_manifest_is_not_believed(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of(fake, home, monkeypatch, [record(1)])
    set_day(fake, monkeypatch, NEXT_DAY)
    fake.faults.empty()
    fetch(home, "Qwen", day=NEXT_DAY)
    manifest = list(landed_partitions(home, "hub_api"))[-1]
    # As a run leaves it that is killed between the two: then the load fails and sets it aside.
    entry = {**manifest.files[0].to_dict(), "next": None}
    (manifest.folder / ".journal.jsonl").write_text(json.dumps(entry) + "\n")
    assert [found.status for found in fetch(home, "Qwen", day=NEXT_DAY)] == ["already landed"]
    with pytest.raises(LoadFailedError):
        load(home)
    (result,) = fetch(home, "Qwen", day=NEXT_DAY)
    assert (result.status, result.rows) == ("landed", 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-20],
        lambda text: text + b'{"name": "0003',
        lambda text: text + b"\xff\x00\n",
        lambda text: b"[]\n" + text,
        lambda text: b"",
    ],
)
def test_a_journal_that_is_torn(
    fake: FakeServices, home: Home, spoil: Callable[[bytes], bytes]
) -> None:
    pages_of_two(fake)
    fetch(home, "Qwen", limits=Limits(max_requests=2))
    journal = home.landing / "hub_api" / f"{DAY}.Qwen" / ".journal.jsonl"
    journal.write_bytes(spoil(journal.read_bytes()))
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    assert load(home)[0].rows_read == 7


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_landed_page_that_was_changed_is_asked_for_again(
    fake: FakeServices, home: Home, change: str
) -> None:
    pages_of_two(fake)
    fetch(home, "Qwen", limits=Limits(max_requests=3))
    page = home.landing / "hub_api" / f"{DAY}.Qwen" / "0002.json.gz"
    if change == "edited":
        page.write_bytes(b"other")
    else:
        page.unlink()
    assert [entry.status for entry in fetch(home, "Qwen")] == ["landed"]
    assert load(home)[0].rows_read == 7


# --- any order -------------------------------------------------------------------------------

DAYS = [date(2026, 1, 29) + timedelta(days=offset) for offset in (0, 1, 4, 33)]


@st.composite
def listing(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What a day has of an organisation: few models, most of them alike from day to day."""
    chosen = draw(st.lists(st.sampled_from([1, 1, 2, 3]), min_size=1, max_size=4))
    return [
        record(
            number,
            draw(st.sampled_from(["a"] * 4 + ["b"])),
            id=draw(st.sampled_from([None] * 5 + ["a/m2", "not an id"])) or f"a/m{number}",
            downloads=draw(st.sampled_from([1] * 5 + [2, -1])),
            tags=draw(st.sampled_from([["t"]] * 4 + [["u"], ["base_model:a/m1"]])),
        )
        for number in chosen
    ]


histories = st.lists(
    st.tuples(st.sampled_from(DAYS), st.sampled_from(["a", "a", "b", "hub"]), listing()),
    min_size=1,
    max_size=7,
)


def put(home: Home, day: date, scope: str, models: list[dict[str, Any]]) -> Manifest:
    """Land a listing in pages of two, in place of what is there, as after a load that failed."""
    partition = OpenPartition(home, "hub_api", f"{day}.{scope}")
    (partition.folder / "manifest.json").unlink(missing_ok=True)
    for number, start in enumerate(range(0, len(models), 2), 1):
        page = models[start : start + 2]
        partition.add(
            f"{number:04}.json",
            json.dumps(page).encode(),
            rows=len(page),
            fetched_at=utc_now(),
            origin="/api/models",
        )
    return partition.complete(is_synthetic=True, as_of=day, scope=scope)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories, together=st.booleans())
def test_any_order_of_days_gives_the_same_rows(
    history: list[tuple[date, str, list[dict[str, Any]]]],
    together: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "MAX_REJECTED_SHARE", 1.0)
    monkeypatch.setattr(rules, "MIN_SHARE_OF_PREVIOUS_TOTAL", 0.0)
    with tempfile.TemporaryDirectory() as root, duckdb.connect() as con, duckdb.connect() as other:
        warehouse = Warehouse.over(con)
        last: dict[tuple[date, str], Manifest] = {}
        for day, scope, models in history:
            last[day, scope] = put(Home(Path(root)), day, scope, models)
            if not together:
                load_manifests(warehouse, [last[day, scope]])
        load_manifests(warehouse, list(last.values()))
        load_manifests(Warehouse.over(other), [last[key] for key in sorted(last)])
        assert hubs.dump(con) == hubs.dump(other)


def test_a_snapshot_and_the_api_say_the_same(home: Home, tmp_path: Path) -> None:
    safetensors = {"parameters": {"BF16": 7, "F32": 1}, "total": 8}
    models = [
        record(1, safetensors=safetensors, pipeline_tag="text-generation", library_name="mlx"),
        record(2, tags=["b", "a", "b"], gguf={"total": 12, "architecture": "x"}, gated="auto"),
        live.child(3, record(1)),
        record(4, tags=[], likes=None, downloadsAllTime=None, createdAt="2025-01-01T02:00:00.5Z"),
        record(5, tags=["base_model:Qwen/m1", "base_model:merge:Qwen/m1"], trendingScore=1.5),
    ]
    flat = [
        {
            **{name: value for name, value in item.items() if name not in ("gated", "disabled")},
            **({"gguf": json.dumps(item["gguf"])} if "gguf" in item else {}),
        }
        for item in models
    ]
    path = hubs.write_snapshot(tmp_path / "day.parquet", flat, {"_id": "VARCHAR"})
    put(home, DAY, "Qwen", models)
    land(
        home,
        "hub_stats",
        str(DAY),
        [Incoming(path.name, path, path.name, 5)],
        is_synthetic=True,
        as_of=DAY,
        scope="Qwen",
    )
    load(home)
    load(home, "hub_stats")
    rows = live.dump(home)
    assert len(rows["hub_api_metadata"]) == 5
    assert rows["hub_api_metadata"] == rows["hub_stats_metadata"]
    assert rows["hub_api_readings"] == rows["hub_stats_readings"]
    assert rows["unknown_columns"] == []


def test_a_scope_named_rows_is_refused(fake: FakeServices, home: Home) -> None:
    with pytest.raises(HubtideError) as caught:
        fetch(home, "rows")
    read_aloud(caught.value)


def test_a_link_to_another_host_ends_the_scope_only(
    fake: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    pages_of_two(fake)
    fake.hub.models.append(record(9, "openai"))
    with FakeServices() as other:
        fake.faults.loop(to=f"{other.hf_endpoint}/api/models", match="author=Qwen", times=None)
        for _ in range(2):
            results = fetch(home, "Qwen", "openai")
            assert "leads to another host (127.0.0.1)" in read_aloud(results[0].note)
        assert [entry.status for entry in results] == ["failed", "already landed"]
        assert other.log == []
    with pytest.raises(RefusedError):
        live.client().get("http://127.0.0.1:1/x", "Qwen page 1")
