"""What the live sources share: the open day, one scope after the other, plans and results.

Fetching holds no lock on the warehouse: pages land, and what has landed is loaded afterwards
(docs/operations.md, Live sources).
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from extract.errors import (
    TRANSIENT,
    HubtideError,
    LandingError,
    NothingListedError,
    RateLimitedError,
    RequestLimitError,
    SourceError,
    UnrecoverableError,
)
from extract.home import Home, today, utc_now
from extract.http import Client, is_loopback
from extract.landing import (
    MANIFEST,
    Manifest,
    OpenPartition,
    asked_for,
    note_asked,
    source_lock,
)

# (done, in all, what is being fetched)
Step = Callable[[int, int, str], None]

# The Hub's counters move between 07:00 and 12:00 UTC, so a reading belongs to the date of its
# fetch time less this.
HOURS_INTO_THE_DAY = 12

# So many scopes in a row that cannot be had: the service is down or the token is wrong, and the
# rest is not asked for.
MAX_FAILURES_IN_A_ROW = 3

# Names of organisations; anything else would ask for something else, or name no folder.
SCOPE_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Fetched:
    """What became of one partition.

    `status`: landed, already landed, skipped (nothing is wrong, and `note` says why not), failed.
    `is_transient`: a failure that may well be over when it is asked for again. `is_final`: one that
    no later run can mend.
    """

    source: str
    partition: str
    status: str
    requests: int = 0
    rows: int = 0
    note: str = ""
    is_transient: bool = False
    is_final: bool = False

    @classmethod
    def failed(
        cls, source: str, partition: str, requests: int, error: Exception, note: str = ""
    ) -> Fetched:
        """A partition that could not be fetched; `note` is the error's line unless given."""
        return cls(
            source,
            partition,
            "failed",
            requests,
            note=note or str(error),
            is_transient=isinstance(error, TRANSIENT),
            is_final=isinstance(error, UnrecoverableError),
        )


@dataclass(frozen=True)
class Planned:
    """What a fetch would do. `requests` None: it can only be known by asking."""

    source: str
    partition: str
    requests: int | None
    note: str = ""


def open_day() -> date:
    """The day that a reading made now belongs to (UTC); HUBTIDE_TODAY where it is set."""
    if os.environ.get("HUBTIDE_TODAY"):
        return today()
    return (utc_now() - timedelta(hours=HOURS_INTO_THE_DAY)).date()


def synthetic_endpoint(address: str) -> bool:
    """Whether what an address says is synthetic: it is of this machine.

    Raises HubtideError when HUBTIDE_TODAY is set for a public one, whose readings are of today.
    """
    if is_loopback(address):
        return True
    if os.environ.get("HUBTIDE_TODAY"):
        raise HubtideError(
            "HUBTIDE_TODAY is set, and a public service only knows the real day: unset it, or "
            "set the endpoints to a loopback server"
        )
    return False


def require_open(source: str, day: date) -> None:
    """Raise UnrecoverableError unless `day` is the open one: a source that only knows now."""
    if day != open_day():
        raise UnrecoverableError(
            f"{source}: {day} cannot be fetched any more (it only knows now, {open_day()}): the "
            "day stays missing, and coverage_daily says so"
        )


def lost(source: str, day: date, scopes: Sequence[str], landed: Collection[str]) -> list[Fetched]:
    """Failures of the scopes of a day that is over whose partitions are not among `landed`."""
    failures = []
    for partition in (partition_of(day, scope) for scope in scopes):
        if partition not in landed:
            error = UnrecoverableError(
                f"{source}: {partition} cannot be fetched any more (it only knows now, "
                f"{open_day()}): it stays missing, and coverage_daily says so"
            )
            failures.append(Fetched.failed(source, partition, 0, error))
    return failures


def partition_of(day: date, scope: str) -> str:
    """The partition of one scope's day."""
    return f"{day.isoformat()}.{scope}"


def days_landed(folder: Path, scope: str) -> list[Path]:
    """The manifests of a scope's landed days, in order. `folder` is the source's."""
    days = "[0-9]" * 4 + "-[0-9][0-9]" * 2
    return sorted(folder.glob(f"{days}.{glob.escape(scope)}/{MANIFEST}"))


def require_something(target: OpenPartition, scope: str) -> None:
    """Raise NothingListedError for an empty listing of a scope that has never had a row.

    An empty listing of one that has is complete as it came, and breaks the contract at the door.
    """
    if any(page.file.rows for page in target.pages):
        return
    if not days_landed(target.folder.parent, scope):
        target.discard()
        raise NothingListedError(
            f"{target.source}: {scope} lists no models, and none has landed before: is it there "
            "under this name?"
        )


def fetch_scopes(
    client: Client,
    home: Home,
    source: str,
    day: date,
    scopes: Sequence[str],
    fetch: Callable[[OpenPartition, str], Manifest],
    step: Step | None = None,
) -> list[Fetched]:
    """Fetch the open day of each scope into a partition of its own; one's failure is not another's.

    A scope that has landed is not asked for again. After RateLimitedError, RequestLimitError, or
    some failures in a row, or without room on the disk, the rest is not asked for. What was asked
    for is noted, but for scopes that list nothing: once the day is over, `lost` tells what of it
    is missing. Nothing is raised: a result says why it failed.
    """
    try:
        with source_lock(home, source):
            return _fetch_scopes(client, home, source, day, scopes, fetch, step)
    except HubtideError as error:
        return [Fetched.failed(source, day.isoformat(), 0, error)]


def _fetch_scopes(
    client: Client,
    home: Home,
    source: str,
    day: date,
    scopes: Sequence[str],
    fetch: Callable[[OpenPartition, str], Manifest],
    step: Step | None,
) -> list[Fetched]:
    asked = {scope for scope in scopes if SCOPE_PATTERN.fullmatch(scope)}
    asked.update(asked_for(home, source, day) or ())
    note_asked(home, source, day, asked)
    results: list[Fetched] = []
    in_a_row = 0
    for number, scope in enumerate(scopes):
        if step:
            step(number, len(scopes), f"{source} {scope}")
        before = client.requests
        partition = partition_of(day, scope)
        try:
            target = OpenPartition(home, source, partition_of(day, _checked(source, scope)))
            known = target.manifest
            manifest = known or fetch(target, scope)
        except NothingListedError as error:
            requests = client.requests - before
            results.append(Fetched(source, partition, "skipped", requests, 0, str(error)))
            note_asked(home, source, day, asked := asked - {scope})
            in_a_row = 0
            continue
        except HubtideError as error:
            results.append(Fetched.failed(source, partition, client.requests - before, error))
            # What fails without a request says nothing about the service.
            in_a_row += client.requests > before
            if ends_the_fetch(error) or in_a_row == MAX_FAILURES_IN_A_ROW:
                results += _not_asked(source, day, scopes[number + 1 :])
                break
            continue
        in_a_row = 0
        rows = sum(file.rows or 0 for file in manifest.files)
        status = "already landed" if known else "landed"
        results.append(Fetched(source, partition, status, client.requests - before, rows))
    if step:
        step(len(scopes), len(scopes), "")
    return results


def ends_the_fetch(error: HubtideError) -> bool:
    """Whether asking for what comes next makes no sense: limits, or a disk that is full."""
    return isinstance(error, RateLimitedError | RequestLimitError) or not isinstance(
        error, SourceError | LandingError
    )


def _checked(source: str, scope: str) -> str:
    if not SCOPE_PATTERN.fullmatch(scope):
        shown = "".join(letter for letter in scope if letter.isprintable())[:100]
        raise SourceError(f"{source}: '{shown}' cannot be the name of an organisation: not asked")
    return scope


def _not_asked(source: str, day: date, scopes: Sequence[str]) -> list[Fetched]:
    note = f"{source}: not asked for, after the failure before"
    return [Fetched(source, partition_of(day, scope), "failed", note=note) for scope in scopes]
