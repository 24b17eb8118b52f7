"""Fetches dated snapshots of the Hub: models.parquet as the dataset's commits left it.

The commits are listed once, newest first. One request a wanted day, at its last commit, says which
commit changed the file last, its size and its sha256; where that was on an earlier day, the days
between have no snapshot and are not asked for. Days are fetched newest first, each in full before
the next, so that a limit of requests or a full disk leaves whole days behind.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract.csv_lines import quoted
from extract.downloads import COME, FileClient
from extract.errors import (
    HubtideError,
    PartitionBusyError,
    RefusedError,
    SourceError,
    UnavailableError,
    UnreadableReplyError,
    disk_errors,
)
from extract.fetching import (
    HOURS_INTO_THE_DAY,
    MAX_FAILURES_IN_A_ROW,
    Fetched,
    Planned,
    Step,
    ends_the_fetch,
    open_day,
)
from extract.home import Home
from extract.http import Limits, Say, endpoint
from extract.landing import LINK_FROM_BYTES, MANIFEST, Incoming, land, sha256_of, source_lock
from extract.readings import HUB, ROWS
from extract.sources.hub_stats import SOURCE, WHOLE_HUB_ROWS
from extract.sources.hub_stats_columns import KNOWN_COLUMNS

DATASET = "cfahlgren1/hub-stats"
FILE = "models.parquet"
FIRST_DAY = date(2024, 7, 24)

# Beside the landed partitions: what is on its way, one folder a day and commit.
INCOMING = ".incoming"

# What is left free on the disk, for the warehouse and its neighbours.
RESERVE_BYTES = 500_000_000

# For the plan: its commit's files, its file, and where that is redirected to.
REQUESTS_A_DAY = 3

# The plan's rate where none is given (bytes a second).
PLANNED_RATE = 20_000_000

# What may be landed: the file as it came, or the contract's columns of it alone.
KEEP = ("original", "contract")

# cardData is most of a file, and nothing is read from it.
CONTRACT_COLUMNS = frozenset(name.lower() for name in KNOWN_COLUMNS) - {"carddata"}

# A progress line a second.
SECONDS_BETWEEN_STEPS = 1.0


@dataclass(frozen=True)
class Commit:
    """A commit of the dataset; `day` is the UTC date of its time less twelve hours."""

    id: str
    time: datetime

    @property
    def day(self) -> date:
        """The day that it belongs to."""
        return (self.time - timedelta(hours=HOURS_INTO_THE_DAY)).date()


@dataclass(frozen=True)
class Snapshot:
    """The file of one day: the commit that wrote it, its size in bytes and its sha256."""

    day: date
    commit: str
    committed_at: datetime
    size: int
    sha256: str


@dataclass(frozen=True)
class Survey:
    """What a fetch would do. `size` (bytes) and `seconds` are estimates, from two days' files.

    `wanted` are days to fetch; whether a day's commits changed the file shows when it is fetched.
    """

    wanted: tuple[date, ...]
    landed: tuple[date, ...]
    missing: tuple[date, ...]
    size: int
    rate: int
    pages: int

    @property
    def seconds(self) -> float:
        """Time for the downloads at `rate` bytes a second."""
        return self.size / self.rate

    @property
    def requests(self) -> int:
        """Requests of the fetch: the list, then a day's files, its file and where that lies."""
        return self.pages + REQUESTS_A_DAY * len(self.wanted)

    @property
    def line(self) -> str:
        """All of it in one line."""
        return (
            f"{SOURCE}: days to fetch: {len(self.wanted)}, about {_gigabytes(self.size)} and "
            f"{self.requests:,} requests, {_duration(self.seconds)} at "
            f"{self.rate / 1e6:,.0f} MB/s; already landed: {len(self.landed)}; without a "
            f"snapshot: {len(self.missing)}"
        )

    def planned(self) -> list[Planned]:
        """One entry a day, in order. The pages of the list are counted with the first."""
        size = self.size / max(1, len(self.wanted))
        note = f"about {_gigabytes(size)}, {size / self.rate:,.0f} s at {self.rate / 1e6:,.0f} MB/s"
        costs = dict.fromkeys(sorted(self.wanted), (REQUESTS_A_DAY, note))
        for day in list(costs)[:1]:
            costs[day] = (REQUESTS_A_DAY + self.pages, note)
        costs |= dict.fromkeys(self.landed, (0, "already landed"))
        costs |= dict.fromkeys(self.missing, (0, "no commit on that day"))
        return [Planned(SOURCE, str(day), *costs[day]) for day in sorted(costs)]


class UnreadableListingError(UnreadableReplyError):
    """A day's listing of files has a form that cannot be read, as those of other days may have."""


def file_client(address: str, limits: Limits, say: Say) -> FileClient:
    """A client for a Hub's address, with the token that huggingface_hub finds, if there is one."""
    from huggingface_hub.utils._headers import build_hf_headers

    return FileClient(
        name=SOURCE,
        origin=address,
        headers=build_hf_headers(library_name="hubtide"),
        limits=limits,
        say=say,
    )


def snapshots(client: FileClient, since: date, until: date) -> list[Snapshot]:
    """The snapshots from `since` to `until`, by day.

    Raises what `FileClient.get` raises, and UnreadableListingError.
    """
    days = _days(since, until, 1)
    history = History.read(client, days)
    found = [history.find(day) for day in days]
    return sorted(
        (entry for entry in found if isinstance(entry, Snapshot)), key=lambda entry: entry.day
    )


def survey(
    client: FileClient,
    home: Home,
    since: date,
    until: date,
    *,
    every: int = 1,
    rate: int = PLANNED_RATE,
) -> Survey:
    """What `fetch` would do; asks for the list of commits and for two files' sizes.

    Raises what `FileClient.get` raises, and UnreadableListingError; nothing is asked for where
    every day has landed.
    """
    days = _days(since, until, every)
    landed = tuple(day for day in days if _has_landed(home, day))
    not_landed = [day for day in days if day not in landed]
    history = History.read(client, not_landed)
    wanted = tuple(day for day in not_landed if day in history.last)
    missing = tuple(day for day in not_landed if day not in history.last)
    sizes = [
        found.size
        for day in dict.fromkeys([*wanted[:1], *wanted[-1:]])
        if isinstance(found := history.find(day), Snapshot)
    ]
    size = sum(sizes) * len(wanted) // len(sizes) if sizes else 0
    return Survey(wanted, landed, missing, size, rate, history.pages)


def plan(
    home: Home,
    since: date,
    until: date,
    every: int = 1,
    *,
    address: str | None = None,
    limits: Limits | None = None,
    say: Say = lambda _: None,
) -> list[Planned]:
    """What `fetch` would do, a day an entry. It asks as `survey` does.

    Where the Hub cannot be asked, the days that have not landed are of unknown cost.
    """
    client = file_client(
        address or endpoint("HF_ENDPOINT", "https://huggingface.co"), limits or Limits(tries=2), say
    )
    try:
        return survey(client, home, since, until, every=every).planned()
    except SourceError as error:
        return [
            Planned(SOURCE, str(day), 0, "already landed")
            if _has_landed(home, day)
            else Planned(SOURCE, str(day), None, str(error))
            for day in sorted(_days(since, until, every))
        ]


def fetch(
    home: Home,
    since: date,
    until: date,
    *,
    endpoint: str,
    limits: Limits,
    is_synthetic: bool,
    every: int = 1,
    keep: str = "original",
    is_optional: bool = False,
    say: Say = lambda _: None,
    step: Step | None = None,
) -> list[Fetched]:
    """Land the snapshots of every `every`-th day from `since` to `until`; results by day.

    A day that has landed is not asked for. A day without a snapshot is `skipped`; one whose listing
    of files cannot be read, or has no models.parquet, is `failed`. `keep`:
    `original` lands models.parquet as it came, `contract` the contract's columns without the card.
    One day's failure is not another's; after a limit, a disk that is full, or some days in a row
    that cannot be had, the rest is not asked for. Nothing is raised but for wrong arguments: a
    result says why it failed, and with `is_optional` a dataset that cannot be listed is `skipped`.
    """
    if keep not in KEEP:
        raise HubtideError(f"{SOURCE}: keep is '{keep}': write {' or '.join(KEEP)}")
    days = _days(since, until, every)
    client = file_client(endpoint, limits, say)
    try:
        with source_lock(home, SOURCE):
            return _Fetching(client, home, is_synthetic, keep, step).run(days, is_optional)
    except PartitionBusyError as error:
        return [Fetched.failed(SOURCE, f"{since}..{until}", 0, error)]


@dataclass
class History:
    """The dataset's commits as far back as they are needed, and what is known of the file.

    `last` is each day's last commit; `pages` counts the pages of the list.
    """

    client: FileClient
    last: dict[date, Commit] = field(default_factory=dict)
    pages: int = 0
    _known: Snapshot | None = None
    _asked: date = date.max
    _told: dict[str, UnreadableListingError] = field(default_factory=dict)

    @classmethod
    def read(cls, client: FileClient, days: Sequence[date]) -> History:
        """List the commits, newest first, back to the first of `days`.

        Raises RefusedError when the dataset is gone or private, and what `FileClient.get` raises.
        """
        history = cls(client)
        if not days:
            return history
        begin = datetime.combine(min(days), datetime.min.time(), UTC)
        begin += timedelta(hours=HOURS_INTO_THE_DAY)
        url = f"{client.origin}/api/datasets/{DATASET}/commits/main"
        seen: set[str] = set()
        try:
            for reply in client.pages(url, f"the commits of {DATASET}", None, _commits_problem):
                history.pages += 1
                commits = _commits(reply.body)
                if seen.issuperset(commit.id for commit in commits):
                    break  # an empty page, or one that only repeats
                seen.update(commit.id for commit in commits)
                for commit in commits:
                    known = history.last.get(commit.day)
                    if known is None or known.time < commit.time:
                        history.last[commit.day] = commit
                if all(commit.time < begin for commit in commits):
                    break
        except RefusedError as error:
            raise RefusedError(
                f"{error}. The dataset may be gone, renamed or private; it is optional, and "
                "import takes its files from a folder"
            ) from None
        return history

    def find(self, day: date) -> Snapshot | str:
        """A day's snapshot, or why there is none. Ask for later days first: it saves requests.

        Raises what `FileClient.get` raises, and UnreadableListingError.
        """
        commit = self.last.get(day)
        if commit is None:
            return "no commit on that day"
        # From a later day it may be known that the file was last changed on this day or before.
        if self._known is None or not self._known.day <= day <= self._asked:
            self._known, self._asked = self._last_change(commit), day
        if self._known.day != day:
            return f"{FILE} was not changed on that day (last on {self._known.day})"
        return self._known

    def _last_change(self, commit: Commit) -> Snapshot:
        url = f"{self.client.origin}/api/datasets/{DATASET}/tree/{commit.id}"
        params = [("recursive", "false"), ("expand", "true")]
        what = f"the files of {commit.day}"
        try:
            for reply in self.client.pages(url, what, params, _files_problem):
                for entry in json.loads(reply.body):
                    if entry.get("path") == FILE:
                        found = _snapshot(entry)
                        if found is None:
                            reason = f"{FILE} has no commit, size and sha256 that can be read"
                            raise self._listing_error(commit.day, reason)
                        return found
        except UnreadableListingError:
            raise
        except UnreadableReplyError as error:
            raise UnreadableListingError(str(error)) from None
        raise self._listing_error(commit.day, f"it has no {FILE}")

    def _listing_error(self, day: date, reason: str) -> UnreadableListingError:
        """The error of a reason. It names the first day that had it, so that it is told once."""
        error = UnreadableListingError(
            f"{SOURCE} {day}: the listing of the dataset's files cannot be read ({reason}): the "
            "day stays missing; import its file from a folder, or run this again with a newer "
            "version of Hubtide"
        )
        return self._told.setdefault(reason, error)


@dataclass
class _Fetching:
    """One run of `fetch`, under the source's lock."""

    client: FileClient
    home: Home
    is_synthetic: bool
    keep: str
    step: Step | None
    results: list[Fetched] = field(default_factory=list)

    @property
    def incoming(self) -> Path:
        return self.home.landing / SOURCE / INCOMING

    def run(self, days: Sequence[date], is_optional: bool) -> list[Fetched]:
        self._remove_landed()
        wanted = []
        for day in days:
            if _has_landed(self.home, day):
                self.results.append(Fetched(SOURCE, str(day), "already landed"))
            else:
                wanted.append(day)
        if wanted:
            self._fetch_wanted(wanted, is_optional)
        return sorted(self.results, key=lambda result: result.partition)

    def _fetch_wanted(self, wanted: list[date], is_optional: bool) -> None:
        before = self.client.requests
        try:
            history = History.read(self.client, wanted)
        except SourceError as error:
            failed = Fetched.failed(SOURCE, str(wanted[0]), self.client.requests - before, error)
            status = "skipped" if is_optional else "failed"
            self.results.append(replace(failed, status=status))
            self._not_asked(wanted[1:], status)
            return
        in_a_row = 0
        for number, day in enumerate(wanted):
            self._show(number, len(wanted), f"{SOURCE} {day}")
            failure = self._fetch_day(history, day, number, len(wanted))
            may_last = isinstance(failure, UnavailableError | UnreadableListingError)
            in_a_row = in_a_row + 1 if may_last else 0
            if failure and (ends_the_fetch(failure) or in_a_row == MAX_FAILURES_IN_A_ROW):
                self._not_asked(wanted[number + 1 :], "failed")
                break
        self._show(len(wanted), len(wanted), "")

    def _fetch_day(
        self, history: History, day: date, number: int, total: int
    ) -> HubtideError | None:
        before = self.client.requests
        partition = str(day)
        try:
            found = history.find(day)
            if isinstance(found, str):
                note = f"{SOURCE} {day}: {found}: the day stays missing"
                asked = self.client.requests - before
                self.results.append(Fetched(SOURCE, partition, "skipped", asked, note=note))
                return None
            with disk_errors(SOURCE, str(day), COME):
                rows, note = self._land(found, number, total)
        except HubtideError as error:
            asked = self.client.requests - before
            self.results.append(Fetched.failed(SOURCE, partition, asked, error))
            return error
        asked = self.client.requests - before
        self.results.append(Fetched(SOURCE, partition, "landed", asked, rows, note))
        return None

    def _land(self, snapshot: Snapshot, number: int, total: int) -> tuple[int, str]:
        """Download, check and land one file; its rows, and a note."""
        folder = self.incoming / f"{snapshot.day}.{snapshot.commit}"
        path = folder / FILE
        label = f"{SOURCE} {snapshot.day}"
        self._require_room(snapshot, path, label)
        folder.mkdir(parents=True, exist_ok=True)
        self.client.download(
            f"{self.client.origin}/datasets/{DATASET}/resolve/{snapshot.commit}/{FILE}",
            f"the file of {snapshot.day}",
            path,
            snapshot.size,
            _Shown(self._show, number, total, label, snapshot.size),
        )
        if sha256_of(path) != snapshot.sha256:
            shutil.rmtree(folder)
            raise UnreadableReplyError(
                f"{label}: the file that came is not the one of commit {snapshot.commit[:12]} "
                "(its sha256 differs): nothing of it was kept; run this again"
            )
        origin = f"{DATASET}@{snapshot.commit}"
        note = ""
        with duckdb.connect() as con:
            rows, columns = _shape(con, path, label)
            if self.keep == "contract":
                left_out = [name for name in columns if name.lower() not in CONTRACT_COLUMNS]
                path = _write_contract(con, path, columns, rows, label)
                origin += f" {FILE} sha256 {snapshot.sha256}, the contract's columns"
                note = f"left out: {', '.join(left_out)}" if left_out else ""
        land(
            self.home,
            SOURCE,
            str(snapshot.day),
            # Named as in an import folder, so that the same file by either way is the same load.
            [Incoming(f"{snapshot.day}.parquet", path, origin, rows)],
            is_synthetic=self.is_synthetic,
            as_of=snapshot.day,
            scope=HUB if rows >= WHOLE_HUB_ROWS else ROWS,
        )
        shutil.rmtree(folder)
        return rows, note

    def _require_room(self, snapshot: Snapshot, path: Path, label: str) -> None:
        """Raise HubtideError when the disk has no room for what is still to come."""
        needed = snapshot.size - (path.stat().st_size if path.exists() else 0)
        if self.keep == "contract" or snapshot.size < LINK_FROM_BYTES:
            needed += snapshot.size  # a second file beside it, for a while
        needed += RESERVE_BYTES
        free = shutil.disk_usage(self.home.landing).free
        if free < needed:
            raise HubtideError(
                f"{label}: the disk has {_gigabytes(free)} free and {_gigabytes(needed)} are "
                "needed: make room and run this again; what has landed is kept"
            )

    def _remove_landed(self) -> None:
        """Remove what a run that was killed after landing has left."""
        for folder in self.incoming.glob("*"):
            if (self.home.landing / SOURCE / folder.name.split(".")[0] / MANIFEST).exists():
                shutil.rmtree(folder)

    def _not_asked(self, days: Sequence[date], status: str) -> None:
        note = f"{SOURCE}: not asked for, after the failure before"
        self.results += [Fetched(SOURCE, str(day), status, note=note) for day in days]

    def _show(self, done: int, total: int, what: str) -> None:
        if self.step:
            self.step(done, total, what)


class _Shown:
    """Shows how much of a file has come, once a second."""

    def __init__(
        self, show: Callable[[int, int, str], None], number: int, total: int, label: str, size: int
    ) -> None:
        self._show, self._number, self._total = show, number, total
        self._label, self._size = label, size
        self._next = 0.0

    def __call__(self, have: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN_STEPS
            self._show(
                self._number,
                self._total,
                f"{self._label}, {have / 1e6:,.0f} of {self._size / 1e6:,.0f} MB",
            )


def _days(since: date, until: date, every: int) -> list[date]:
    """The days wanted, newest first, within the dataset's life."""
    if since > until:
        raise HubtideError(f"{SOURCE}: {since} is after {until}")
    if every < 1:
        raise HubtideError(f"{SOURCE}: every is {every}: write 1 or more")
    count = (until - since).days // every + 1
    days = (since + timedelta(days=every * number) for number in range(count))
    return [day for day in days if FIRST_DAY <= day <= open_day()][::-1]


def _has_landed(home: Home, day: date) -> bool:
    return (home.landing / SOURCE / str(day) / MANIFEST).exists()


def _commits_problem(body: bytes) -> str | None:
    return _problem(body, lambda entry: _commit(entry) is not None)


def _files_problem(body: bytes) -> str | None:
    return _problem(body, lambda _: True)


def _problem(body: bytes, is_good: Callable[[dict[str, Any]], bool]) -> str | None:
    """What is wrong with a page, None where nothing is."""
    try:
        content = json.loads(body)
    except ValueError:
        return "the reply is no JSON"
    if not isinstance(content, list):
        return "the reply is no list"
    if not all(isinstance(entry, dict) and is_good(entry) for entry in content):
        return "the reply has entries that cannot be read"
    return None


def _commits(body: bytes) -> list[Commit]:
    return [commit for entry in json.loads(body) if (commit := _commit(entry)) is not None]


def _commit(entry: Any) -> Commit | None:
    """A commit with its id and date, None where either cannot be read."""
    if not isinstance(entry, dict):
        return None
    name = entry.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{40}", name):
        return None
    try:
        moment = datetime.fromisoformat(str(entry.get("date")))
    except ValueError:
        return None
    return Commit(name, moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))


def _snapshot(entry: dict[str, Any]) -> Snapshot | None:
    """The file as a listing of files has it, None where something cannot be read."""
    commit, lfs = _commit(entry.get("lastCommit")), entry.get("lfs")
    if commit is None or not isinstance(lfs, dict):
        return None
    size, digest = lfs.get("size"), lfs.get("oid")
    if not isinstance(size, int) or size < 1:
        return None
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    return Snapshot(commit.day, commit.id, commit.time, size, digest)


def _shape(con: duckdb.DuckDBPyConnection, path: Path, label: str) -> tuple[int, list[str]]:
    """Rows and columns by the file's footer. Raises UnreadableReplyError when it has none."""
    try:
        rows = con.execute(
            "select num_rows from parquet_file_metadata($path)", {"path": str(path)}
        ).fetchall()
        columns = con.execute(
            "select * from read_parquet($path) limit 0", {"path": str(path)}
        ).description
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        shutil.rmtree(path.parent)
        raise UnreadableReplyError(
            f"{label}: the dataset's file is no readable Parquet: the day stays missing"
        ) from None
    return int(rows[0][0]), [str(column[0]) for column in columns or ()]


def _write_contract(
    con: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str], rows: int, label: str
) -> Path:
    """Write the contract's columns beside the file, rows in their order."""
    kept = [name for name in columns if name.lower() in CONTRACT_COLUMNS]
    if not kept:
        shutil.rmtree(path.parent)
        raise UnreadableReplyError(f"{label}: the file has none of the contract's columns")
    target = path.with_name("contract.parquet")
    named = ", ".join('"' + name.replace('"', '""') + '"' for name in kept)
    con.execute("set enable_progress_bar = false")  # it would draw on any output
    con.execute("set preserve_insertion_order = true")
    con.execute(f"set temp_directory = {quoted(str(path.parent / 'spill'))}")
    try:
        written = con.execute(
            f"copy (select {named} from read_parquet({quoted(str(path))})) "
            f"to {quoted(str(target))} (format parquet, compression zstd)"
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.SerializationException):
        shutil.rmtree(path.parent)
        raise UnreadableReplyError(
            f"{label}: the dataset's file is damaged: the day stays missing"
        ) from None
    except duckdb.Error as error:  # a full disk, no memory
        raise HubtideError(
            f"{label}: the contract's columns cannot be written ({type(error).__name__}): make "
            "room and run this again; what has come is kept"
        ) from None
    if int(written[0][0]) != rows:
        raise UnreadableReplyError(f"{label}: the file has not the {rows:,} rows it announces")
    return target


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:,.0f} min"
