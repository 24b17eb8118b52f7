"""The Hub's API: every model of an organisation, or of the whole Hub, as it is now.

One partition a day and scope. The listing of an organisation is one request for up to a thousand
models, so all tracked ones are about as many requests as there are organisations.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from extract.errors import HubtideError, UnreadableReplyError
from extract.fetching import (
    Fetched,
    Planned,
    Step,
    days_landed,
    fetch_scopes,
    partition_of,
    require_open,
    require_something,
)
from extract.home import Home
from extract.http import (
    Client,
    Limits,
    Params,
    Reply,
    Say,
    StatusRefusedError,
    endpoint,
    origin_of,
)
from extract.landing import MANIFEST, Manifest, OpenPartition, Page, read_manifest
from extract.readings import HUB, ROWS
from extract.sources.hub_pages import PAGE_SIZE, Reader, count_records, listing_params, page_problem

SOURCE = "hub_api"
ENDPOINT_VARIABLE = "HF_ENDPOINT"
DEFAULT_ENDPOINT = "https://huggingface.co"

# A page whose models came before is tolerated so often in one listing: pages can repeat while
# they are read, but a listing that only repeats itself never ends.
MAX_REPEATED_PAGES = 3

# Six times as many as the whole Hub has.
MAX_PAGES = 20_000

# What the Hub says to a place in a listing that it no longer knows.
FORGOTTEN = {400, 404, 410, 422}

# The whole Hub has about this many models (docs/method.md, Population); for the plan only.
MODELS_OF_THE_HUB = 3_000_000

reader = Reader(SOURCE)


def hub_client(source: str, limits: Limits, say: Say) -> Client:
    """A client for HF_ENDPOINT, with the token that huggingface_hub finds, if there is one."""
    from huggingface_hub.utils._headers import build_hf_headers

    return Client(
        name=source,
        origin=endpoint(ENDPOINT_VARIABLE, DEFAULT_ENDPOINT),
        headers=build_hf_headers(library_name="hubtide"),
        limits=limits,
        say=say,
    )


def fetch(
    client: Client,
    home: Home,
    scopes: Sequence[str],
    day: date,
    is_synthetic: bool,
    step: Step | None = None,
) -> list[Fetched]:
    """Land the models of each organisation in `scopes` (or of `hub`, all of them) as they are now.

    Raises UnrecoverableError when `day` is not the open one; failures of a scope are results.
    """
    require_open(SOURCE, day)
    if ROWS in scopes:
        raise HubtideError(f"hub_api: '{ROWS}' cannot be the name of an organisation here")

    def listing(partition: OpenPartition, scope: str) -> Manifest:
        filters = [] if scope == HUB else [("author", scope)]
        owner = None if scope == HUB else scope
        land_listing(client, partition, scope, listing_params(*filters), owner=owner)
        require_something(partition, scope)
        return partition.complete(is_synthetic=is_synthetic, as_of=day, scope=scope)

    return fetch_scopes(client, home, SOURCE, day, scopes, listing, step)


def plan(home: Home, scopes: Sequence[str], day: date) -> list[Planned]:
    """What `fetch` would ask for: as many pages as each scope had when it was last landed."""
    planned = []
    for scope in scopes:
        partition = partition_of(day, scope)
        if (home.landing / SOURCE / partition / MANIFEST).exists():
            planned.append(Planned(SOURCE, partition, 0, "already landed"))
            continue
        pages = _pages_before(home, scope)
        if pages is None:
            pages = -(-MODELS_OF_THE_HUB // PAGE_SIZE) if scope == HUB else 1
        planned.append(Planned(SOURCE, partition, pages))
    return planned


def land_listing(
    client: Client,
    partition: OpenPartition,
    what: str,
    params: Params,
    folder: str = "",
    owner: str | None = None,
) -> None:
    """Land all pages of a listing; goes on after the last page that has landed.

    A place to go on from that the service no longer knows is forgotten, and the listing begins
    anew. Raises what `Client.get` raises, and UnreadableReplyError for a listing without end and
    for one of others' models where `owner` is asked for.
    """
    known = [page for page in partition.pages if page.file.name.startswith(folder)]
    if known and known[-1].following is None:
        return
    if known:
        try:
            place = place_to_go_on(client, known[-1])
            _land_pages(client, partition, what, place, None, folder, owner)
        except ForgottenPlaceError:
            partition.discard(folder)
        else:
            return
    _land_pages(client, partition, what, f"{client.origin}/api/models", params, folder, owner)


class ForgottenPlaceError(Exception):
    """The service does not know the place at which an earlier run was to go on."""


def place_to_go_on(client: Client, page: Page) -> str:
    """The address after an earlier run's page. Raises ForgottenPlaceError for another service's."""
    if origin_of(page.following or "") != origin_of(client.origin):
        raise ForgottenPlaceError
    return page.following or ""


def pages_from(
    client: Client, url: str, what: str, params: Params | None, is_resumed: bool
) -> Iterator[Reply]:
    """The pages of a listing; ForgottenPlaceError where an earlier run's place is not known."""
    pages = client.pages(url, what, params, page_problem)
    try:
        first = next(pages)
    except StatusRefusedError as error:
        if is_resumed and error.status in FORGOTTEN:
            raise ForgottenPlaceError from None
        raise
    yield first
    yield from pages


def _land_pages(
    client: Client,
    partition: OpenPartition,
    what: str,
    url: str,
    params: Params | None,
    folder: str,
    owner: str | None,
) -> None:
    times: Counter[str] = Counter()
    for reply in pages_from(client, url, what, params, params is None):
        if owner is not None and (others := _of_others(reply.body, owner)):
            partition.discard(folder)
            raise UnreadableReplyError(
                f"{client.name}: most models listed for {what} are others' ({others}): it has "
                "another name now, or the Hub did not heed whose were asked for"
            )
        land_page(partition, reply, folder)
        models = _models_of(reply.body)
        times[models] += 1
        endless = (
            "gives the same page again and again"
            if times[models] > MAX_REPEATED_PAGES
            else f"has more than {MAX_PAGES:,} pages"
            if len(partition.pages) > MAX_PAGES
            else None
        )
        if endless:
            partition.discard(folder)  # there is no place to go on from
            raise UnreadableReplyError(f"{client.name}: {what} {endless}: run this again later")


def _of_others(body: bytes, owner: str) -> str | None:
    """An owner of models that are not `owner`'s, where most of a page's are not; else None.

    What is no list of records is for others to judge.
    """
    try:
        ids = [str(record["id"]) for record in json.loads(body)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    owners = [name.partition("/")[0] for name in ids]
    others = [name for name in owners if name.casefold() != owner.casefold()]
    if len(others) * 2 <= len(ids):
        return None
    return others[0] if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", others[0]) else "unreadable"


def _models_of(body: bytes) -> str:
    """A digest of which models a page has, whatever their counters are."""
    ids = sorted(re.findall(rb'"_id"\s*:\s*"([^"]*)"', body))
    return hashlib.sha256(b"\n".join(ids)).hexdigest()


def land_page(partition: OpenPartition, reply: Reply, folder: str = "", last: bool = False) -> Page:
    """Land one page under the next number of `folder`. `last`: nothing after it is wanted."""
    number = sum(page.file.name.startswith(folder) for page in partition.pages) + 1
    return partition.add(
        f"{folder}{number:04}.json",
        reply.body,
        rows=count_records(reply.body),
        fetched_at=reply.fetched_at,
        origin=reply.path,
        following=None if last else reply.next_url,
    )


def _pages_before(home: Home, scope: str) -> int | None:
    paths = days_landed(home.landing / SOURCE, scope)
    return len(read_manifest(paths[-1]).files) if paths else None
