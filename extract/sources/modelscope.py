"""ModelScope: the models of an owner, with a cumulative download counter and likes.

A second hub beside the first: its counts are never added to the Hub's. One partition a day and
owner. Readings are sparse by owner, as the Hub's are (docs/method.md, Readings): a row where
anything of a model differs from the owner's previous complete read day, and on the first of a
month for every model. A day that is loaded before one that is there already has that next day
derived anew from its rows, so the order of loading never matters.

A listing that gives fewer or more models than it says there are is incomplete: each of its records
is a row, and nothing is said of other models or days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import duckdb

from extract.errors import ContractError
from extract.fetching import (
    Fetched,
    Planned,
    Step,
    fetch_scopes,
    partition_of,
    require_open,
    require_something,
)
from extract.home import Home
from extract.http import Client
from extract.landing import MANIFEST, Covered, Manifest, OpenPartition
from extract.rules import (
    EARLIEST_DAY,
    LATEST_DAY,
    MAX_ID_LENGTH,
    check_rejected,
    check_total,
    id_reason,
    integer_from_text,
    number_reason,
)
from extract.sources import json_records
from extract.sources.json_records import Fields, Number, optional_text_reason
from extract.warehouse import Counts, Load

SOURCE = "modelscope"
ENVELOPE = ("data", "models")

# The most that the service gives at once, and of a listing at all.
PAGE_SIZE = 50
MAX_PAGES = 3000 // PAGE_SIZE

FIELDS = Fields(
    ("id", "created_at", "license"),
    ("downloads", "likes"),
    (
        "id",
        "display_name",
        "description",
        "downloads",
        "likes",
        "created_at",
        "last_modified",
        "license",
        "tags",
        "tasks",
        "params",
        "file_size",
    ),
)

COLUMNS = "modelscope_id, presence, downloads_all_time, likes, created_at, license"


def fetch(
    client: Client,
    home: Home,
    owners: Sequence[str],
    day: date,
    is_synthetic: bool,
    step: Step | None = None,
) -> list[Fetched]:
    """Land the models of each owner as they are now, most downloaded first.

    Raises UnrecoverableError when `day` is not the open one; failures of an owner are results.
    """
    require_open(SOURCE, day)

    def listing(target: OpenPartition, owner: str) -> Manifest:
        seen = _read_listing(client, target, owner)
        require_something(target, owner)
        covered = [] if seen.is_complete else [Covered(owner, False, seen.models)]
        return target.complete(is_synthetic=is_synthetic, as_of=day, scope=owner, covered=covered)

    results = fetch_scopes(client, home, SOURCE, day, owners, listing, step)
    return [_noted(home, result) for result in results]


def plan(home: Home, owners: Sequence[str], day: date) -> list[Planned]:
    """What `fetch` would ask for: how many pages an owner has is known by asking only."""
    planned = []
    for owner in owners:
        partition = partition_of(day, owner)
        landed = (home.landing / SOURCE / partition / MANIFEST).exists()
        planned.append(
            Planned(SOURCE, partition, 0, "already landed")
            if landed
            else Planned(SOURCE, partition, None)
        )
    return planned


@dataclass
class Listing:
    """What the pages of a listing hold so far: `unreadable` are records without an id."""

    ids: set[str] = field(default_factory=set)
    unreadable: int = 0
    total: int = 0
    pages: int = 0
    has_ended: bool = False

    @property
    def models(self) -> int:
        """Models that were listed, each once."""
        return len(self.ids) + self.unreadable

    @property
    def is_complete(self) -> bool:
        """Whether every model was listed: pages that shift while they are read can skip one.

        More than the last page's total is no proof of it: the reply contradicts itself.
        """
        return self.models == self.total

    def add(self, body: bytes) -> int:
        """Take in a page; returns its records. A page without a new model ends the listing."""
        envelope, records = json_records.split_page(body, ENVELOPE)
        before = self.models
        for text in records:
            model_id = _id_of(text)
            if model_id is None:
                self.unreadable += 1
            else:
                self.ids.add(model_id)
        self.total = int(envelope["data"]["total_count"])
        self.pages += 1
        self.has_ended = (
            self.pages * PAGE_SIZE >= self.total or self.pages == MAX_PAGES or self.models == before
        )
        return len(records)


def _read_listing(client: Client, target: OpenPartition, owner: str) -> Listing:
    """Land the pages of an owner that have not landed yet."""
    listing = Listing()
    for page in target.pages:
        label = f"{SOURCE} {target.partition}"
        listing.add(json_records.read_body(target.folder / page.file.path, label))
    while not listing.has_ended:
        number = listing.pages + 1
        reply = client.get(
            f"{client.origin}/openapi/v1/models",
            f"{owner} page {number}",
            [
                ("owner", owner),
                ("sort", "downloads"),
                ("page_number", str(number)),
                ("page_size", str(PAGE_SIZE)),
            ],
            _page_problem,
        )
        rows = listing.add(reply.body)
        target.add(
            f"{number:04}.json",
            reply.body,
            rows=rows,
            fetched_at=reply.fetched_at,
            origin=reply.path,
            following=None if listing.has_ended else str(number + 1),
        )
    return listing


def _page_problem(body: bytes) -> str | None:
    """What is wrong with a reply of status 200, which may still be a failure."""
    try:
        envelope = json_records.parse(body.decode("utf-8", errors="replace"))
    except ValueError:
        envelope = None  # said below, unless it is one record that is nested too deep
    if isinstance(envelope, dict) and envelope.get("success") is False:
        said = f"{envelope.get('code')}: {envelope.get('message')}"[:200]
        shown = "".join(letter for letter in said if letter.isprintable())
        return f"the service says {shown}"
    problem = json_records.page_problem(body, ENVELOPE)
    if problem is None:
        envelope, _ = json_records.split_page(body, ENVELOPE)
        if not _is_count(envelope["data"].get("total_count")):
            problem = "the reply has no total_count"
    return problem


def _is_count(value: Any) -> bool:
    return isinstance(value, Number) and value.isascii() and value.isdigit() and len(value) < 16


def _id_of(text: str) -> str | None:
    try:
        record = json_records.parse(text)
    except ValueError:
        return None
    value = record.get("id") if isinstance(record, dict) else None
    return value if isinstance(value, str) and value else None


def _noted(home: Home, result: Fetched) -> Fetched:
    """The result with a note where the listing is incomplete."""
    if result.status not in ("landed", "already landed"):
        return result
    manifest = OpenPartition(home, SOURCE, result.partition).manifest
    if manifest is None or _is_complete(manifest):
        return result
    listed = manifest.covered[0].rows
    return replace(
        result,
        note=f"{SOURCE} {result.partition}: the service listed {listed:,} models and gives another "
        "number as their total; the day is not a complete reading of this owner",
    )


def _is_complete(manifest: Manifest) -> bool:
    return all(entry.is_complete for entry in manifest.covered)


def load(load: Load, checks_total: bool = True) -> Counts:
    """Load a landed listing inside the open transaction.

    Of a model that several pages have the last page counts; the other records are unchanged ones.
    Raises ContractError when a page cannot be read, when there are no rows or more than 1 %
    rejected, and when the counters of a complete read sum to less than a tenth of the owner's
    previous read day's.
    """
    con, manifest = load.con, load.manifest
    day, scope = manifest.as_of, manifest.scope
    if day is None:
        raise ContractError(f"{load.label}: the manifest has no day; fetch it again")
    json_records.stage(load, ENVELOPE, FIELDS)
    _stage(con, scope)
    rows_read, rows_rejected = con.execute(
        "select count(*), count(reason) from temp.staged"
    ).fetchall()[0]
    check_rejected(con, SOURCE, load.partition, rows_read, rows_rejected)

    days = _complete_days(con, scope)
    following = days.after(day)
    if following is not None:
        days.expand(con, "next_records", following)
    was_complete = day in days.loads
    _remove_previous(load)
    days.loads.pop(day, None)
    if _is_complete(manifest):
        if checks_total:
            _check_total(load, days, day, rows_read, rows_rejected)
        days.loads[day] = load.load_id
        days.write(con, "new_records", day)
    else:
        con.execute(
            f"insert into raw.modelscope_readings by name "
            f"select {COLUMNS}, $day as day, $scope as scope, $load_id as load_id "
            "from temp.new_records order by modelscope_id",
            {"day": day, "scope": scope, "load_id": load.load_id},
        )
    if following is not None and (was_complete or _is_complete(manifest)):
        con.execute(
            "delete from raw.modelscope_readings where scope = ? and day = ?", [scope, following]
        )
        days.write(con, "next_records", following)
        _recount(con, days.loads[following])
    _write_read_day(load, day)
    if rows_rejected:
        json_records.store_rejects(load)
    stored, absent = _counted(con, load.load_id)
    return Counts(int(rows_read), stored, int(rows_rejected), absent)


def _stage(con: duckdb.DuckDBPyConnection, scope: str) -> None:
    """Create temp.staged, the records with reasons, and temp.new_records, each model once."""
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select
                page,
                row_number,
                problem,
                payload,
                id as modelscope_id,
                case
                    {id_reason("id", "id")}
                    when not contains(id, '/') then 'id is no repository id'
                    when lower(split_part(id, '/', 1)) <> lower($scope)
                        then 'id is of another owner'
                end as id_problem,
                downloads as raw_downloads,
                {integer_from_text("downloads")} as downloads_all_time,
                likes as raw_likes,
                {integer_from_text("likes")} as likes,
                -- a time that was never set, as Go writes it
                case when not starts_with(created_at, '0001-01-01') then created_at end
                    as raw_created_at,
                try_cast(created_at as timestamptz) at time zone 'UTC' as created_at,
                license,
            from temp.json_rows
        )

        select
            page,
            row_number,
            payload,
            modelscope_id,
            id_problem is null as has_id,
            downloads_all_time,
            likes,
            case when raw_created_at is not null then created_at end as created_at,
            license,
            case
                when problem is not null then problem
                when id_problem is not null then id_problem
                when raw_downloads is null then 'downloads is missing'
                {number_reason("raw_downloads", "downloads_all_time", "downloads")}
                {number_reason("raw_likes", "likes", "likes")}
                when raw_created_at is not null and created_at is null
                    then 'created_at is no date'
                when
                    raw_created_at is not null
                    and cast(created_at as date) not between date '{EARLIEST_DAY}'
                    and date '{LATEST_DAY}'
                    then 'created_at is out of range'
                {optional_text_reason("license", "license", MAX_ID_LENGTH)}
            end as reason,
        from parsed
        """,
        {"scope": scope},
    )
    con.execute(
        """
        create or replace temp table new_records as
        select
            modelscope_id,
            case when reason is null then 'present' else 'unknown' end as presence,
            case when reason is null then downloads_all_time end as downloads_all_time,
            case when reason is null then likes end as likes,
            case when reason is null then created_at end as created_at,
            case when reason is null then license end as license,
        from temp.staged
        where has_id
        qualify
            row_number() over (
                partition by modelscope_id
                order by reason is null desc, page desc, row_number desc
            ) = 1
        """
    )


@dataclass
class CompleteDays:
    """An owner's complete read days, with their loads."""

    scope: str
    loads: dict[date, int]

    def before(self, day: date) -> date | None:
        """The last one before `day`."""
        days = sorted(self.loads)
        index = bisect_left(days, day)
        return days[index - 1] if index else None

    def after(self, day: date) -> date | None:
        """The first one after `day`."""
        days = sorted(self.loads)
        index = bisect_right(days, day)
        return days[index] if index < len(days) else None

    def in_month(self, day: date) -> list[date]:
        """Those in the month of `day`, up to it."""
        return [entry for entry in self.loads if day.replace(day=1) <= entry <= day]

    def expand(self, con: duckdb.DuckDBPyConnection, table: str, day: date | None) -> None:
        """Create temp.<table>: the models that were present or unknown on a complete read day.

        Each has a row on the month's first one, so only the month's rows are looked at. No day, no
        models.
        """
        con.execute(
            f"""
            create or replace temp table {table} as
            select {COLUMNS}
            from raw.modelscope_readings
            where scope = $scope and list_contains(cast($days as date[]), day)
            qualify
                row_number() over (partition by modelscope_id order by day desc) = 1
                and presence <> 'absent'
            """,
            {"scope": self.scope, "days": self.in_month(day) if day else []},
        )

    def write(self, con: duckdb.DuckDBPyConnection, records: str, day: date) -> None:
        """Write the sparse rows of a complete read day whose models are in temp.<records>."""
        self.expand(con, "prior_records", self.before(day))
        con.execute(
            f"""
            insert into raw.modelscope_readings
            select
                coalesce(r.modelscope_id, p.modelscope_id) as modelscope_id,
                $day,
                $scope,
                coalesce(r.presence, 'absent'),
                r.downloads_all_time,
                r.likes,
                r.created_at,
                r.license,
                $load_id,
            from temp.{records} as r
            full outer join temp.prior_records as p on p.modelscope_id = r.modelscope_id
            where
                $is_first
                or r.modelscope_id is null
                or p.modelscope_id is null
                or r.presence <> p.presence
                or r.downloads_all_time is distinct from p.downloads_all_time
                or r.likes is distinct from p.likes
                or r.created_at is distinct from p.created_at
                or r.license is distinct from p.license
            order by modelscope_id
            """,
            {
                "day": day,
                "scope": self.scope,
                "load_id": self.loads[day],
                "is_first": self.in_month(day) == [day],
            },
        )


def _complete_days(con: duckdb.DuckDBPyConnection, scope: str) -> CompleteDays:
    rows = con.execute(
        "select day, load_id from raw.read_days where source = ? and scope = ? and is_complete",
        [SOURCE, scope],
    ).fetchall()
    return CompleteDays(scope, dict(rows))


def _check_total(
    load: Load, days: CompleteDays, day: date, rows_read: int, rows_rejected: int
) -> None:
    days.expand(load.con, "prior_records", days.before(day))
    total, previous = load.con.execute(
        """
        select
            (select coalesce(sum(downloads_all_time), 0) from temp.new_records),
            (select coalesce(sum(downloads_all_time), 0) from temp.prior_records)
        """
    ).fetchall()[0]
    check_total(SOURCE, load.partition, total, previous, rows_read, rows_rejected)


def _remove_previous(load: Load) -> None:
    if load.previous_load_id is None:
        return
    for table in ("modelscope_readings", "read_days", "rejects"):
        load.con.execute(f"delete from raw.{table} where load_id = ?", [load.previous_load_id])


def _write_read_day(load: Load, day: date) -> None:
    load.con.execute(
        """
        insert into raw.read_days
        select $source, $scope, $day, $is_complete, 0, count(*), $partition, $load_id
        from temp.new_records
        where presence = 'present'
        """,
        {
            "source": SOURCE,
            "scope": load.manifest.scope,
            "day": day,
            "is_complete": _is_complete(load.manifest),
            "partition": load.partition,
            "load_id": load.load_id,
        },
    )


def _counted(con: duckdb.DuckDBPyConnection, load_id: int) -> tuple[int, int]:
    """Models with a row of their own, and absent ones, of a load."""
    stored, absent = con.execute(
        """
        select
            count(*) filter (where presence = 'present'),
            count(*) filter (where presence = 'absent')
        from raw.modelscope_readings
        where load_id = ?
        """,
        [load_id],
    ).fetchall()[0]
    return int(stored), int(absent)


def _recount(con: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Set the ledger's counts of a load whose rows were derived anew."""
    stored, absent = _counted(con, load_id)
    con.execute(
        """
        update raw.loads
        set
            rows_stored = $stored,
            rows_unchanged = rows_read - rows_rejected - $stored,
            rows_absent = $absent
        where load_id = $load_id
        """,
        {"stored": stored, "absent": absent, "load_id": load_id},
    )
