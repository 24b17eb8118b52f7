"""Discovery: what is new and what is derived, within a budget, day after day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.errors import UnrecoverableError
from extract.home import Home
from extract.http import Limits
from extract.landing import landed_partitions
from extract.sources import hub_discovery
from tests.extract import live
from tests.extract.live import DAY, NEXT_DAY, child, discover, read_aloud, record, set_day
from tests.fake.server import FakeServices

Query = Callable[..., list[tuple[Any, ...]]]

BASES = [f"Qwen/m{number}" for number in range(1, 5)]


@pytest.fixture
def hub(fake: FakeServices) -> FakeServices:
    """Four bases with two derivatives each; nothing is new."""
    models = [record(number) for number in range(1, 5)]
    models += [child(10 * n + k, models[n - 1]) for n in range(1, 5) for k in range(2)]
    fake.hub.models = models
    fake.hub.max_page_size = 2
    return fake


def asked_for(fake: FakeServices) -> list[str]:
    """What the listings were filtered by, `new` for none."""
    queries = [parse_qs(urlsplit(path).query) for path in live.asked(fake)]
    return [query.get("filter", ["new"])[0].removeprefix("base_model:") for query in queries]


def covered(home: Home) -> dict[str, dict[str, bool]]:
    """By day: scopes and whether they were covered to their end."""
    return {
        entry.partition: {part.scope: part.is_complete for part in entry.covered}
        for entry in landed_partitions(home, "hub_discovery")
    }


def new_models(day: Any, numbers: range) -> list[dict[str, Any]]:
    return [
        record(number, "new", createdAt=f"{day}T{number % 24:02}:00:00.000Z") for number in numbers
    ]


def test_a_day_of_discovery(hub: FakeServices, home: Home, raw: Query) -> None:
    hub.hub.models += new_models(DAY, range(100, 105))
    (result,) = discover(home, BASES[:2])
    assert (result.status, result.requests, result.rows) == ("landed", 6, 12)
    assert result.note == "2 of 2 bases listed to their last day seen"
    # New models end with the first page that is all of the days before.
    assert asked_for(hub) == ["new", "new", "new", "new", "Qwen/m1", "Qwen/m2"]
    live.load(home, "hub_discovery")
    assert raw("select scope, is_complete, models_read from raw.read_days order by scope") == [
        ("base:Qwen/m1", True, 2),
        ("base:Qwen/m2", True, 2),
        ("new", True, 8),
        ("rows", False, 10),
    ]
    assert raw("select distinct scope from raw.hub_discovery_readings") == [("rows",)]


def test_new_models_are_listed_back_to_the_last_day_seen(
    hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.hub.models += new_models(DAY, range(100, 104))
    discover(home)
    # Two days are missed; on the third the budget does not reach back far enough.
    third = DAY + timedelta(days=3)
    for number in range(1, 4):
        day = DAY + timedelta(days=number)
        hub.hub.models += new_models(day, range(200 + 10 * number, 204 + 10 * number))
    set_day(hub, monkeypatch, third)
    discover(home, day=third, budget=3)
    assert covered(home)[str(third)] == {"new": False}
    hub.log.clear()
    fourth = DAY + timedelta(days=4)
    set_day(hub, monkeypatch, fourth)
    (result,) = discover(home, day=fourth)
    assert covered(home)[str(fourth)] == {"new": True}
    # Twelve models of three days, four of the last day seen, and one before it.
    assert result.requests == len(hub.log) == 9


def test_an_old_record_among_new_ones_does_not_end_the_listing(
    hub: FakeServices, home: Home
) -> None:
    hub.hub.models = new_models(DAY, range(100, 180))
    hub.hub.max_page_size = 20
    old = {"createdAt": "2022-03-02T00:00:00.000Z"}
    hub.faults.replace(lambda page: [page[0], {**page[1], **old}, *page[2:]])
    (result,) = discover(home)
    assert (result.status, result.requests, result.rows) == ("landed", 4, 80)
    assert covered(home)[str(DAY)] == {"new": True}


@settings(max_examples=10, deadline=None)
@given(orders=st.lists(st.permutations(range(4)), min_size=4, max_size=4))
def test_any_order_within_a_page_gives_the_same(
    orders: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    days = [DAY, DAY - timedelta(days=1), DAY - timedelta(days=2), DAY - timedelta(days=3)]
    models = [
        model for n, day in enumerate(days) for model in new_models(day, range(5 * n, 5 * n + 5))
    ]
    pages = iter(orders)

    def shuffled(page: list[Any]) -> list[Any]:
        return [page[place] for place in next(pages)]

    home = Home(tmp_path_factory.mktemp("any"))
    with FakeServices() as fake, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(home.root / "no-token"))
        for name, value in fake.environment().items():
            patch.setenv(name, value)
        set_day(fake, patch, DAY)
        fake.hub.models, fake.hub.max_page_size = models, 4
        fake.faults.replace(shuffled, times=None)
        (result,) = discover(home)
    # Ten models are of the last two days; the third page has some of them, the fourth has none.
    assert (result.requests, result.rows) == (4, 16)
    assert covered(home) == {str(DAY): {"new": True}}


def test_bases_take_turns(hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []
    for number in range(4):
        day = DAY + timedelta(days=number)
        set_day(hub, monkeypatch, day)
        hub.log.clear()
        discover(home, BASES, day=day, budget=3)
        turns.append(asked_for(hub)[1:])
    # Never covered first, then the one covered longest ago; ties by the order given.
    assert turns == [BASES[:2], BASES[2:], BASES[:2], BASES[2:]]


@pytest.mark.parametrize("budget", [1, 2, 4])
def test_the_budget_is_kept(hub: FakeServices, home: Home, budget: int) -> None:
    discover(home, BASES, budget=budget)
    assert len(hub.log) == budget


def test_the_budget_counts_every_try(hub: FakeServices, home: Home) -> None:
    hub.faults.status(503, times=2, skip=1)
    discover(home, BASES, budget=4)
    assert len(hub.log) == 4


def test_no_budget_is_nothing_to_do(hub: FakeServices, home: Home) -> None:
    (result,) = discover(home, BASES, budget=0)
    assert (result.status, hub.log) == ("skipped", [])
    read_aloud(result.note)


def test_only_the_open_day(hub: FakeServices, home: Home) -> None:
    with pytest.raises(UnrecoverableError):
        discover(home, day=NEXT_DAY)
    assert hub.log == []


def test_a_day_that_has_landed_is_not_asked_for(hub: FakeServices, home: Home) -> None:
    discover(home, BASES)
    hub.log.clear()
    (result,) = discover(home, BASES)
    assert (result.status, result.requests, hub.log) == ("already landed", 0, [])
    assert [entry.requests for entry in hub_discovery.plan(home, BASES, DAY, 9)] == [0]
    assert [entry.requests for entry in hub_discovery.plan(home, BASES, NEXT_DAY, 9)] == [9]


def test_an_unfinished_day_goes_on(hub: FakeServices, home: Home) -> None:
    (result,) = discover(home, BASES, limits=Limits(max_requests=3))
    assert "the limit of 3 requests is used up before base:Qwen/m3" in read_aloud(result.note)
    hub.log.clear()
    (result,) = discover(home, BASES)
    assert (result.status, result.rows) == ("landed", 10)
    assert asked_for(hub) == BASES[2:]
    assert live.half_written(home) == []


def test_an_unfinished_day_is_closed_by_the_next_one(
    hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    discover(home, BASES, limits=Limits(max_requests=3))
    set_day(hub, monkeypatch, NEXT_DAY)
    hub.log.clear()
    closed, _ = discover(home, BASES, day=NEXT_DAY, budget=3)
    assert (closed.partition, closed.status, closed.requests) == (str(DAY), "landed", 0)
    assert closed.note == "closed as far as it had come"
    assert covered(home) == {
        str(DAY): {"new": True, "base:Qwen/m1": True, "base:Qwen/m2": True},
        str(NEXT_DAY): {"new": True, "base:Qwen/m3": True, "base:Qwen/m4": True},
    }
    assert [entry.status for entry in live.load(home, "hub_discovery")] == ["loaded", "loaded"]


def test_a_closed_day_is_told_though_the_next_one_fails(
    hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    discover(home, BASES, limits=Limits(max_requests=3))
    set_day(hub, monkeypatch, NEXT_DAY)
    hub.faults.status(500, times=None)
    results = discover(home, BASES, day=NEXT_DAY)
    assert [entry.status for entry in results] == ["landed", "failed"]


def test_an_expired_cursor_begins_that_listing_anew(hub: FakeServices, home: Home) -> None:
    base = hub.hub.models[0]
    hub.hub.models += [child(number, base) for number in range(50, 55)]
    discover(home, BASES[:2], limits=Limits(max_requests=3))
    hub.faults.status(400, match="cursor=")
    hub.log.clear()
    (result,) = discover(home, BASES[:2])
    assert result.status == "landed"
    assert asked_for(hub) == ["Qwen/m1"] * 5 + ["Qwen/m2"]
    (manifest,) = landed_partitions(home, "hub_discovery")
    assert {entry.scope: entry.rows for entry in manifest.covered} == {
        "new": 2,
        "base:Qwen/m1": 7,
        "base:Qwen/m2": 2,
    }


@pytest.mark.parametrize("kind", ["refused", "unreadable"])
def test_a_base_that_fails_holds_up_no_other(
    hub: FakeServices, home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "refused":
        hub.faults.status(400, match="base_model:Qwen/m2", times=None)
    else:
        hub.faults.malformed(b"{}", match="base_model:Qwen/m2", times=None)
    for day in (DAY, NEXT_DAY):
        set_day(hub, monkeypatch, day)
        (result,) = discover(home, BASES, day=day)
        assert result.status == "landed"
        assert "3 of 4 bases listed to their last day seen; hub_discovery: base:Qwen/m2" in (
            read_aloud(result.note)
        )
    assert [scopes.get("base:Qwen/m2") for scopes in covered(home).values()] == [None, None]
    hub.faults.clear()
    set_day(hub, monkeypatch, NEXT_DAY + timedelta(days=1))
    hub.log.clear()
    discover(home, BASES, day=NEXT_DAY + timedelta(days=1))
    assert asked_for(hub)[1] == "Qwen/m2"


@pytest.mark.parametrize("match", ["", "base_model"])
def test_a_service_that_is_down_ends_the_day_for_now(
    hub: FakeServices, home: Home, match: str
) -> None:
    hub.faults.status(503, match=match, skip=1, times=None)
    (result,) = discover(home, BASES)
    assert result.status == "failed"
    assert "failed 3 times (status 503)" in read_aloud(result.note)
    assert len(hub.log) <= 6
    hub.faults.clear()
    assert discover(home, BASES)[0].status == "landed"


def test_a_wrong_token_ends_the_day_for_now(
    hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", live.TOKEN)
    hub.faults.status(401, match="base_model", times=None)
    (result,) = discover(home, BASES)
    assert (result.status, len(hub.log)) == ("failed", 2)
    assert "is the token or key right?" in read_aloud(result.note)


@pytest.mark.parametrize(
    "base", ["", "../../up", "a/b/c", "my--org/x", "a b/c", "x" * 300, "a/\x00", "*", "a/b\n"]
)
def test_a_base_that_is_no_name_is_not_asked_for(hub: FakeServices, home: Home, base: str) -> None:
    (result,) = discover(home, [base, "Qwen/m1", "Qwen/m1"])
    assert result.status == "landed"
    assert asked_for(hub) == ["new", "Qwen/m1"]
    assert covered(home)[str(DAY)] == {"new": True, "base:Qwen/m1": True}
    assert result.note == "1 of 1 bases listed to their last day seen"


def test_a_full_disk_is_a_result(
    hub: FakeServices, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        (result,) = discover(home, BASES)
    assert "make room and run this again" in read_aloud(result.note)
    assert discover(home, BASES)[0].status == "landed"


@pytest.mark.parametrize("created", ["0000-00-00", "9999-99-99", "no date", None, 7])
def test_dates_that_are_none_do_not_end_a_listing(
    hub: FakeServices, home: Home, created: object
) -> None:
    hub.hub.models = new_models(DAY, range(100, 105))
    hub.faults.replace(lambda page: [{**page[0], "createdAt": created}, *page[1:]], times=None)
    (result,) = discover(home)
    assert (result.status, result.rows) == ("landed", 5)
