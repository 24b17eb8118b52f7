"""Discovery through the Hub's API: models that are new, and derivatives of tracked models.

Within a budget of requests a day: first the newest models, back to the last day that was seen to
its end; then the derivatives of the bases that were covered longest ago, newest first, back to the
day each was covered. A model found so is read on that day only. What was covered is in the
manifest, and from there in `coverage_daily`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from extract import landing
from extract.errors import HubtideError, RefusedError, SourceError, UnreadableReplyError
from extract.fetching import MAX_FAILURES_IN_A_ROW, Fetched, Planned, Step, require_open
from extract.home import Home
from extract.http import Client, Params, StatusRefusedError
from extract.landing import JOURNAL, MANIFEST, Covered, OpenPartition, source_lock
from extract.readings import ROWS
from extract.rules import ID_PATTERN, MAX_ID_LENGTH
from extract.sources.hub_api import ForgottenPlaceError, land_page, pages_from, place_to_go_on
from extract.sources.hub_pages import Reader, listing_params

SOURCE = "hub_discovery"

# Scopes of what was covered.
NEW = "new"
BASE = "base:"

reader = Reader(SOURCE)


@dataclass(frozen=True)
class Budget:
    """Requests that a day may take. `since` is the client's count when there were none."""

    client: Client
    requests: int
    since: int

    @property
    def is_used_up(self) -> bool:
        """Whether no request is left."""
        return self.client.requests - self.since >= self.requests


@dataclass(frozen=True)
class Listing:
    """One listing of a day: its folder of pages, its filter, and how far back it goes."""

    scope: str
    filters: tuple[tuple[str, str], ...]
    since: date | None

    @property
    def folder(self) -> str:
        """A folder name from which the scope can be read again; ids hold no `--` twice in a row."""
        return self.scope.replace(":", "=", 1).replace("/", "--") + "/"

    @property
    def params(self) -> Params:
        """The query of its first page."""
        return listing_params(*self.filters)


def fetch(
    client: Client,
    home: Home,
    bases: Sequence[str],
    day: date,
    budget: int,
    is_synthetic: bool,
    step: Step | None = None,
) -> list[Fetched]:
    """Land what is new on the open day, with at most `budget` requests.

    `bases` are repository ids whose derivatives are looked for, the most important first; what is
    no such id is left out. Every try counts against the budget. What earlier days left unfinished
    is closed with what had landed. Raises UnrecoverableError when `day` is not the open one; a
    failure of the service or the disk is a result, and the next run goes on. A base that cannot be
    listed is left for another day.
    """
    require_open(SOURCE, day)
    partition = day.isoformat()
    if budget < 1:
        note = f"{SOURCE}: its budget is no request: nothing was asked"
        return [Fetched(SOURCE, partition, "skipped", note=note)]
    before = client.requests
    results: list[Fetched] = []
    try:
        with source_lock(home, SOURCE):
            for closed in _close_earlier(home, day, is_synthetic):
                results.append(closed)  # noqa: PERF402  (what fails later must not lose it)
            results.append(_fetch_day(client, home, bases, day, budget, is_synthetic, step))
    except HubtideError as error:
        results.append(Fetched.failed(SOURCE, partition, client.requests - before, error))
    return results


def _fetch_day(
    client: Client,
    home: Home,
    bases: Sequence[str],
    day: date,
    requests: int,
    is_synthetic: bool,
    step: Step | None,
) -> Fetched:
    before = client.requests
    target = OpenPartition(home, SOURCE, day.isoformat())
    known, status, problems = target.manifest, "already landed", list[str]()
    if known is None:
        budget = Budget(client, requests, before - len(target.pages))
        problems = _land(client, home, target, bases, day, budget, step)
        known, status = _complete(target, day, is_synthetic), "landed"
    rows = sum(file.rows or 0 for file in known.files)
    covered = sum(entry.is_complete for entry in known.covered if entry.scope != NEW)
    count = len(_readable(bases))
    note = f"{covered} of {count} bases listed to their last day seen" if count else ""
    if problems:
        note += f"; {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else "")
    return Fetched(SOURCE, day.isoformat(), status, client.requests - before, rows, note)


def plan(home: Home, bases: Sequence[str], day: date, budget: int) -> list[Planned]:
    """What `fetch` would ask for: at most its budget."""
    partition = day.isoformat()
    if (home.landing / SOURCE / partition / MANIFEST).exists():
        return [Planned(SOURCE, partition, 0, "already landed")]
    note = f"at most; new models, then derivatives of {len(bases)} bases in rotation"
    return [Planned(SOURCE, partition, budget, note)]


def listings(home: Home, bases: Sequence[str], day: date) -> Iterator[Listing]:
    """The day's listings in order: new models, then bases, those covered longest ago first."""
    covered = _covered_before(home, day)
    yield Listing(NEW, (), covered.get(NEW, day - timedelta(days=1)))
    ranked = sorted(
        enumerate(_readable(bases)),
        key=lambda entry: (covered.get(BASE + entry[1], date.min), entry[0]),
    )
    for _, base in ranked:
        scope = BASE + base
        yield Listing(scope, (("filter", f"base_model:{base}"),), covered.get(scope))


def _readable(bases: Sequence[str]) -> list[str]:
    """Each base once, without what is no repository id: it would name no listing, or no folder."""
    return [
        base
        for base in dict.fromkeys(bases)
        if re.fullmatch(ID_PATTERN, base) and len(base) <= MAX_ID_LENGTH and "--" not in base
    ]


def _land(
    client: Client,
    home: Home,
    target: OpenPartition,
    bases: Sequence[str],
    day: date,
    budget: Budget,
    step: Step | None,
) -> list[str]:
    """Land the day's listings as far as the budget goes; why some bases could not be listed."""
    problems: list[str] = []
    in_a_row = 0
    for listing in listings(home, bases, day):
        if budget.is_used_up:
            break
        try:
            _land_listing(client, target, listing, budget, step)
        except (RefusedError, UnreadableReplyError) as error:
            in_a_row += 1
            if listing.scope == NEW or in_a_row == MAX_FAILURES_IN_A_ROW or _is_of_all(error):
                raise
            problems.append(str(error))
        else:
            in_a_row = 0
    return problems


def _is_of_all(error: SourceError) -> bool:
    """Whether other bases would be refused in the same way: the token is wrong."""
    return isinstance(error, StatusRefusedError) and error.status in (401, 403)


def _land_listing(
    client: Client, target: OpenPartition, listing: Listing, budget: Budget, step: Step | None
) -> None:
    """Land a listing back to its day; goes on after the last page that has landed."""
    known = [page for page in target.pages if page.file.name.startswith(listing.folder)]
    if known and known[-1].following is None:
        return
    if known:
        try:
            url = place_to_go_on(client, known[-1])
            _land_pages(client, target, listing, (url, None), budget, step)
        except ForgottenPlaceError:
            target.discard(listing.folder)
        else:
            return
    first = f"{client.origin}/api/models", listing.params
    _land_pages(client, target, listing, first, budget, step)


def _land_pages(
    client: Client,
    target: OpenPartition,
    listing: Listing,
    start: tuple[str, Params | None],
    budget: Budget,
    step: Step | None,
) -> None:
    url, params = start
    for reply in pages_from(client, url, listing.scope, params, params is None):
        # The newest record decides: one that is old among new ones is out of order, not the end.
        newest = newest_creation(reply.body)
        is_last = (
            listing.since is not None and newest is not None and newest < listing.since
        ) or reply.next_url is None
        land_page(target, reply, listing.folder, last=is_last)
        if step:
            step(len(target.pages), budget.requests, f"{SOURCE} {listing.scope}")
        if is_last or budget.is_used_up:
            return


def newest_creation(body: bytes) -> date | None:
    """The latest readable creation day on a page."""
    found = re.findall(rb'"createdAt"\s*:\s*"(\d{4}-\d{2}-\d{2})', body)
    days = []
    for text in found:
        try:
            days.append(date.fromisoformat(text.decode()))
        except ValueError:
            continue
    return max(days, default=None)


def _complete(target: OpenPartition, day: date, is_synthetic: bool) -> landing.Manifest:
    """Write the manifest: what was covered follows from the pages alone."""
    covered: dict[str, Covered] = {}
    for page in target.pages:
        folder = page.file.name.rsplit("/", 1)[0]
        scope = folder.replace("=", ":", 1).replace("--", "/", 1)
        before = covered.get(scope, Covered(scope, False, 0))
        covered[scope] = replace(
            before,
            is_complete=page.following is None,
            rows=before.rows + (page.file.rows or 0),
        )
    return target.complete(
        is_synthetic=is_synthetic, as_of=day, scope=ROWS, covered=list(covered.values())
    )


def _close_earlier(home: Home, day: date, is_synthetic: bool) -> Iterator[Fetched]:
    """Complete what earlier days began: their day is over, and what has landed is worth keeping."""
    for journal in sorted((home.landing / SOURCE).glob(f"*/{JOURNAL}")):
        partition = journal.parent.name
        if partition >= day.isoformat() or (journal.parent / MANIFEST).exists():
            continue
        target = OpenPartition(home, SOURCE, partition)
        if target.pages:
            manifest = _complete(target, date.fromisoformat(partition), is_synthetic)
            rows = sum(file.rows or 0 for file in manifest.files)
            yield Fetched(SOURCE, partition, "landed", 0, rows, "closed as far as it had come")


def _covered_before(home: Home, day: date) -> dict[str, date]:
    """The last day before `day` on which each scope was covered to its end."""
    covered: dict[str, date] = {}
    for manifest in landing.landed_partitions(home, SOURCE):
        if manifest.as_of is None or manifest.as_of >= day:
            continue
        for entry in manifest.covered:
            if entry.is_complete:
                covered[entry.scope] = max(manifest.as_of, covered.get(entry.scope, date.min))
    return covered
