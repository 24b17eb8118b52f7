"""The live sources by name: what to ask each for, what that would cost, and asking.

Fetching lands files and holds no lock on the warehouse; `loading.load_landed` loads what has
landed (docs/operations.md, Live sources).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from extract.errors import MixedKindsError, NotYetError
from extract.fetching import (
    Fetched,
    Planned,
    Step,
    lost,
    open_day,
    require_open,
    synthetic_endpoint,
)
from extract.home import Home
from extract.http import Client, Limits, Say, endpoint
from extract.landing import MANIFEST, asked_for
from extract.readings import HUB
from extract.sources import (
    hub_api,
    hub_discovery,
    hub_stats,
    hub_stats_snapshots,
    modelscope,
    openrouter,
    tracked_models,
)

# Sources that can be asked for days that are over.
DATED = (hub_stats.SOURCE, openrouter.SOURCE)

# Requests a day for discovery: half of what the Hub gives without a token in five minutes.
DISCOVERY_REQUESTS = 250

# Rankings are asked for again this many days back: OpenRouter may restate them.
RANKINGS_DAYS = 30

# For the plan: seconds for one request, and the Hub's limit without a token.
SECONDS_A_REQUEST = 0.7
HUB_WINDOW_REQUESTS = 500
HUB_WINDOW_SECONDS = 300


@dataclass(frozen=True)
class Ask:
    """What to ask the services for. Days are inclusive.

    `since` and `until` None: the open day (rankings: the last 30 days).
    `every`: one snapshot of so many days. `keep`: `original` files or the `contract`'s columns.
    """

    organizations: Sequence[str] = ()
    modelscope_owners: Sequence[str] = ()
    bases: Sequence[str] = ()
    discovery_requests: int = DISCOVERY_REQUESTS
    whole_hub: bool = False
    since: date | None = None
    until: date | None = None
    every: int = 1
    keep: str = "original"
    day: date = field(default_factory=open_day)
    limits: Limits = field(default_factory=Limits)

    @property
    def scopes(self) -> list[str]:
        """Scopes of the Hub's API: organisations, and the whole Hub where that is asked for."""
        return [*self.organizations, *([HUB] if self.whole_hub else [])]


@dataclass(frozen=True)
class LiveSource:
    """A source that is read over the network. `address` is None where it is a local folder.

    `scopes`: those that a day is made of, each in a partition of its own.
    """

    name: str
    address: Callable[[], str | None]
    fetch: Callable[[Ask, Home, bool, Say, Step | None], list[Fetched]]
    plan: Callable[[Ask, Home], list[Planned]]
    scopes: Callable[[Ask], Sequence[str]] = lambda _: ()


def fetch_days(
    source: str,
    days: Sequence[date],
    ask: Ask,
    home: Home,
    synthetic: bool,
    say: Say,
    step: Step | None = None,
) -> list[Fetched]:
    """Fetch consecutive days of a source, in order; none given: the open day.

    A source that only knows now gives an earlier day from what landed on it; of the scopes that the
    day's own fetch noted, or else the present ones, those that did not land are failures.

    Raises UnrecoverableError where nothing landed, and NotYetError for a day that has not begun.
    """
    days = days or [ask.day]
    if days[-1] > ask.day:
        raise NotYetError(
            f"{source}: {days[-1]} has not begun: the Hub's counters move until 12:00 UTC, and "
            f"what is read now belongs to {ask.day}"
        )
    live = LIVE[source]
    if list(days) == [ask.day]:
        return live.fetch(ask, home, synthetic, say, step)
    if source in DATED:
        ask = replace(ask, since=days[0], until=days[-1])
        return live.fetch(ask, home, synthetic, say, step)
    results = []
    for day in days:
        if day == ask.day:
            results += live.fetch(ask, home, synthetic, say, step)
            continue
        paths = sorted((home.landing / source).glob(f"{day.isoformat()}*/{MANIFEST}"))
        found = [path.parent.name for path in paths]
        if not found:
            require_open(source, day)
        asked = asked_for(home, source, day)
        scopes = live.scopes(ask) if asked is None else asked
        results += [Fetched(source, partition, "already landed") for partition in found]
        results += lost(source, day, scopes, found)
    return results


def is_synthetic(sources: Iterable[str]) -> bool:
    """Whether what these sources say is synthetic: their endpoints are of this machine.

    Raises MixedKindsError where only some are, HubtideError for HUBTIDE_TODAY with a public one.
    """
    addresses = [LIVE[name].address() for name in sources]
    kinds = {synthetic_endpoint(address) for address in addresses if address is not None}
    if len(kinds) > 1:
        raise MixedKindsError(
            "some endpoints are of this machine and some are public; synthetic and real rows never "
            "mix: set all of HF_ENDPOINT, OPENROUTER_BASE_URL, MODELSCOPE_ENDPOINT and "
            "TRACKED_MODELS_URL, or none"
        )
    return kinds == {True}


def seconds_needed(planned: Iterable[Planned]) -> float:
    """Seconds that a plan takes: its requests, and waits for the Hub's windows without a token.

    A wait is what is left of a window when its requests are used up.
    """
    everything = [entry for entry in planned if entry.requests]
    hub = sum(
        entry.requests or 0 for entry in everything if LIVE[entry.source].address == _hub_address
    )
    windows = max(0, math.ceil(hub / HUB_WINDOW_REQUESTS) - 1)
    requests = sum(entry.requests or 0 for entry in everything)
    wait = max(0, HUB_WINDOW_SECONDS - HUB_WINDOW_REQUESTS * SECONDS_A_REQUEST)
    return requests * SECONDS_A_REQUEST + windows * wait


def _hub_address() -> str:
    return endpoint(hub_api.ENDPOINT_VARIABLE, hub_api.DEFAULT_ENDPOINT)


def _fetch_hub_api(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    client = hub_api.hub_client(hub_api.SOURCE, ask.limits, say)
    return hub_api.fetch(client, home, ask.scopes, ask.day, synthetic, step)


def _fetch_hub_discovery(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    client = hub_api.hub_client(hub_discovery.SOURCE, ask.limits, say)
    return hub_discovery.fetch(
        client, home, ask.bases, ask.day, ask.discovery_requests, synthetic, step
    )


def _fetch_hub_stats(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    return hub_stats_snapshots.fetch(
        home,
        ask.since or ask.day,
        ask.until or ask.day,
        endpoint=_hub_address(),
        limits=ask.limits,
        is_synthetic=synthetic,
        every=ask.every,
        keep=ask.keep,
        is_optional=ask.since is None,
        say=say,
        step=step,
    )


def _plan_hub_stats(ask: Ask, home: Home) -> list[Planned]:
    return hub_stats_snapshots.plan(
        home,
        ask.since or ask.day,
        ask.until or ask.day,
        ask.every,
        address=_hub_address(),
        limits=ask.limits,
    )


def _fetch_modelscope(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    client = Client(modelscope.SOURCE, LIVE[modelscope.SOURCE].address() or "", {}, ask.limits, say)
    return modelscope.fetch(client, home, ask.modelscope_owners, ask.day, synthetic, step)


def _plan_modelscope(ask: Ask, home: Home) -> list[Planned]:
    return modelscope.plan(home, ask.modelscope_owners, ask.day)


def _rankings_span(ask: Ask) -> tuple[date, date]:
    return ask.since or ask.day - timedelta(days=RANKINGS_DAYS), ask.until or ask.day


def _fetch_openrouter(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    address = LIVE[openrouter.SOURCE].address() or ""
    results = []
    if _with_catalogue(ask):
        client = Client(openrouter.SOURCE, address, {}, ask.limits, say)
        results += openrouter.fetch_catalogue(client, home, ask.day, synthetic)
    key = openrouter.key_from_environment()
    if key is None:
        note = openrouter.NO_KEY
        return [*results, Fetched(openrouter.SOURCE, "rankings", "skipped", note=note)]
    client = Client(openrouter.SOURCE, address, {}, ask.limits, say)
    since, until = _rankings_span(ask)
    return [
        *results,
        *openrouter.fetch_rankings(client, home, since, until, key, synthetic, step),
    ]


def _with_catalogue(ask: Ask) -> bool:
    """The catalogue only knows now."""
    return ask.since is None or (ask.until or ask.day) >= ask.day


def _plan_openrouter(ask: Ask, home: Home) -> list[Planned]:
    return openrouter.plan(home, ask.day, *_rankings_span(ask), with_catalogue=_with_catalogue(ask))


def _fetch_tracked_models(
    ask: Ask, home: Home, synthetic: bool, say: Say, step: Step | None
) -> list[Fetched]:
    return tracked_models.fetch(home, ask.limits, synthetic, say, step)


def _plan_tracked_models(_ask: Ask, home: Home) -> list[Planned]:
    return tracked_models.plan(home)


LIVE: dict[str, LiveSource] = {
    source.name: source
    for source in (
        LiveSource(
            hub_api.SOURCE,
            _hub_address,
            _fetch_hub_api,
            lambda ask, home: hub_api.plan(home, ask.scopes, ask.day),
            lambda ask: ask.scopes,
        ),
        LiveSource(
            hub_discovery.SOURCE,
            _hub_address,
            _fetch_hub_discovery,
            lambda ask, home: hub_discovery.plan(home, ask.bases, ask.day, ask.discovery_requests),
        ),
        LiveSource(hub_stats.SOURCE, _hub_address, _fetch_hub_stats, _plan_hub_stats),
        LiveSource(
            openrouter.SOURCE,
            lambda: endpoint("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1"),
            _fetch_openrouter,
            _plan_openrouter,
        ),
        LiveSource(
            modelscope.SOURCE,
            lambda: endpoint("MODELSCOPE_ENDPOINT", "https://modelscope.cn"),
            _fetch_modelscope,
            _plan_modelscope,
            lambda ask: ask.modelscope_owners,
        ),
        LiveSource(
            tracked_models.SOURCE,
            tracked_models.address,
            _fetch_tracked_models,
            _plan_tracked_models,
        ),
    )
}
