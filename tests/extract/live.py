"""The live Hub sources against the fake: records, clients that do not wait long, one day's run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from extract.fetching import Fetched
from extract.home import Home
from extract.http import Client, Limits
from extract.landing import landed_partitions
from extract.loading import LoadResult, load_landed
from extract.sources import hub_api, hub_discovery
from tests.extract import hubs
from tests.fake.server import FakeServices

DAY = date(2026, 3, 10)
NEXT_DAY = date(2026, 3, 11)

# The fake knows this token; it must show up nowhere but in its log.
TOKEN = "hf_fake_token"

QUICK = Limits(
    first_wait=0.01, longest_backoff=0.02, connect_timeout=5, read_timeout=5, tries=3, max_wait=5
)


def record(number: int, org: str = "Qwen", **values: Any) -> dict[str, Any]:
    """A model as the API gives it. `None` takes a field out."""
    item = {
        "_id": f"{number:024x}",
        "id": f"{org}/m{number}",
        "author": org,
        "createdAt": f"2026-01-{1 + number % 28:02}T00:00:00.000Z",
        "lastModified": "2026-02-01T00:00:00.000Z",
        "downloads": number * 10,
        "downloadsAllTime": number * 100,
        "likes": number,
        "trendingScore": 0,
        "tags": ["license:mit"],
        "gated": False,
        "disabled": False,
        **values,
    }
    return {name: value for name, value in item.items() if value is not None}


def child(number: int, base: dict[str, Any], org: str = "someone", **values: Any) -> dict[str, Any]:
    """A finetune of a model."""
    return record(
        number,
        org,
        tags=[f"base_model:{base['id']}", f"base_model:finetune:{base['id']}"],
        baseModels={"relation": "finetune", "models": [{"_id": base["_id"], "id": base["id"]}]},
        **values,
    )


@dataclass
class Clock:
    """A clock that only moves when somebody sleeps."""

    now: float = 1000
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client(source: str = hub_api.SOURCE, limits: Limits = QUICK, **values: Any) -> Client:
    """The client that the source itself uses."""
    made = hub_api.hub_client(source, limits, lambda _: None)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def fetch(
    home: Home, *scopes: str, day: date = DAY, limits: Limits = QUICK, **values: Any
) -> list[Fetched]:
    """Fetch organisations."""
    return hub_api.fetch(client(limits=limits, **values), home, scopes, day, True)


def discover(
    home: Home, bases: Sequence[str] = (), day: date = DAY, budget: int = 20, limits: Limits = QUICK
) -> list[Fetched]:
    """Fetch a day of discovery."""
    asking = client(hub_discovery.SOURCE, limits)
    return hub_discovery.fetch(asking, home, bases, day, budget, True)


def load(home: Home, source: str = hub_api.SOURCE) -> list[LoadResult]:
    """Load what has landed."""
    return load_landed(source, home)


def set_day(fake: FakeServices, monkeypatch: Any, day: date) -> None:
    """Make it another day, here and there."""
    fake.hub.day = day
    monkeypatch.setenv("HUBTIDE_TODAY", day.isoformat())


def asked(fake: FakeServices) -> list[str]:
    """Paths and queries of what the Hub was asked for."""
    return [entry.path for entry in fake.seen("hub")]


def dump(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """All of `raw`."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return hubs.dump(con)


def manifests(home: Home) -> dict[str, str]:
    """What has landed completely: a digest a partition."""
    return {
        f"{source} {entry.partition}": entry.digest
        for source in (hub_api.SOURCE, hub_discovery.SOURCE)
        for entry in landed_partitions(home, source)
    }


def half_written(home: Home) -> list[Path]:
    """Files of work in progress."""
    names = (".landing-", ".journal")
    return [path for path in home.root.rglob("*") if path.name.startswith(names)]


def read_aloud(message: object) -> str:
    """A message, once it is sure that a user can be shown it: one plain line without secrets."""
    text = str(message)
    assert text
    assert text.isprintable(), text
    assert len(text) < 1000, text
    assert TOKEN not in text
    assert not re.search(r"Bearer|authorization:|expand=|cursor=|limit=|/tmp/|/home/", text), text
    return text
