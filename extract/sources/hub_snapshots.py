"""Loads complete or partial reads of the Hub's models into `raw`, whatever they were read from.

A partition is one read of one scope on one day: a dated file, the listing of an organisation, a
crawl. Nothing is read row by row: 3 million rows stream through SQL. What a partition needs is
first prepared in temp tables, outside any transaction, and then written in a short one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import duckdb

from extract import readings
from extract.csv_lines import quoted
from extract.errors import ContractError
from extract.landing import Manifest
from extract.readings import ReadDay, ReadDays, Span, Tables, is_complete, state_span
from extract.rules import (
    EARLIEST_DAY,
    LATEST_DAY,
    check_fields,
    check_rejected,
    check_total,
    id_reason,
    number_reason,
)
from extract.sources.hub_stats_columns import content_hash
from extract.warehouse import Counts, Load, drop_unused_names, merge_unknown, parents

# Up to this many rows all columns are staged in memory at once (about 0.5 kB a row); above it the
# metadata is read from the files again, for the changed rows only.
STAGE_WHOLE_ROWS = 200_000

# Partitions prepared together at most.
MAX_BATCH = 64

STAGED_COLUMNS = "file, row_number, model_id, hub_oid, downloads_30d, downloads_all_time, likes"
METADATA_COLUMNS = (
    "created_at, pipeline_tag, library_name, tags, base_relation, base_models, "
    "parameters_total, parameters_by_dtype, gguf_total"
)

# Fields that no model loses, as the source calls them, with SQL that is null without them.
LASTING_FIELDS = {
    "createdAt": "{}.created_at",
    "tags": "nullif(len({}.tags), 0)",
    "baseModels": "nullif(len({}.base_models), 0)",
    "safetensors": "{}.parameters_total",
    "gguf": "{}.gguf_total",
}


@dataclass(frozen=True)
class Records:
    """The records of some partitions, as SQL with the columns of hub_stats_columns.projection.

    `file` counts the partitions from 1. `columns` are theirs that the loader may not know, with
    types, by file. `repeats` counts records that were left out because a later page has the model
    again, by file. `payloads` gives SQL for page, file_row, row_number and payload of a file.
    `is_table`: what `sql` reads is a table, and need not be copied.
    """

    sql: str
    columns: Mapping[int, Mapping[str, str]]
    payloads: Callable[[int], str]
    repeats: Mapping[int, int] = field(default_factory=dict)
    is_table: bool = False


class Reader(Protocol):
    """Reads the landed files of a source."""

    @property
    def tables(self) -> Tables:
        """The source and its tables."""

    def alike(
        self, con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]
    ) -> list[Manifest]:
        """The first manifest and those after it that one statement can read."""

    def records(self, con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> Records:
        """Their records. Raises ContractError when a file cannot be read."""


class Loader:
    """Loads landed partitions, each in its own transaction, what can be shared prepared before.

    Small partitions that follow each other are read and compared together (planning a statement
    costs more than running it on 260 rows); a whole Hub is a batch of one. `pending` are all
    manifests to load, in order; `loaded` the partitions that have a load already.
    """

    def __init__(
        self,
        reader: Reader,
        con: duckdb.DuckDBPyConnection,
        pending: Sequence[Manifest],
        loaded: Collection[str],
        checks_total: bool,
    ) -> None:
        self._reader = reader
        self._con = con
        self._pending = list(pending)
        self._loaded = set(loaded)
        self._checks_total = checks_total
        self._batch: Batch | None = None

    def prepare(self, manifest: Manifest) -> None:
        """Stage the batch that the partition is in, outside any transaction."""
        if self._batch is not None and manifest.partition in self._batch.pages:
            return
        start = next(index for index, entry in enumerate(self._pending) if entry is manifest)
        self._batch = None
        self._batch = prepare_batch(
            self._con, self._reader, self._together(self._pending[start:]), self._checks_total
        )

    def load(self, load: Load) -> Counts:
        """Write a prepared partition inside the open transaction.

        Raises ContractError when a file cannot be read or has no column `id`, and when there are
        no rows, more than 1 % rejected, or (a complete read) an all-time total below a tenth of
        the scope's previous read day's.
        """
        if self._batch is None:
            raise ContractError(f"{load.label} was not prepared")
        page = self._batch.pages[load.partition]
        if page.error is not None:
            raise page.error
        return _write_page(load, self._batch, page)

    def _together(self, pending: list[Manifest]) -> list[Manifest]:
        """The first manifest and those after it that can be prepared with it.

        They must be new, later than anything loaded of their scope, in order, and of few rows.
        """
        chosen = pending[:1]
        days = ReadDays.by_scope(self._con, self._reader.tables)
        latest = {scope: entries.latest for scope, entries in days.items()}
        rows = 0
        for manifest in pending[:MAX_BATCH]:
            rows += sum(_rows_of(manifest))
            before = latest.get(manifest.scope)
            if (
                manifest.partition in self._loaded
                or manifest.as_of is None
                or (before is not None and manifest.as_of <= before)
                or rows > STAGE_WHOLE_ROWS
            ):
                break
            latest[manifest.scope] = manifest.as_of
            if manifest is not pending[0]:
                chosen.append(manifest)
        return chosen


@dataclass
class Page:
    """One partition of a batch. `file` is its place among the staged ones, `page` among the good.

    `error` is why it cannot be loaded; then `page` is 0. `rows` are all records, `repeats` those
    left out of them.
    """

    manifest: Manifest
    file: int
    error: ContractError | None = None
    page: int = 0
    rows: int = 0
    repeats: int = 0
    rejected: int = 0
    total: int = 0
    names: int = 0
    readings: int = 0
    metadata: int = 0
    stored: int = 0
    absent: int = 0

    @property
    def day(self) -> date:
        """The day that was read."""
        return self.manifest.as_of or date.min

    @property
    def scope(self) -> str:
        """What was read on it."""
        return self.manifest.scope


@dataclass
class Batch:
    """Partitions staged together. `metadata_table` has the metadata columns by file and row."""

    tables: Tables
    pages: dict[str, Page]
    records: Records | None = None
    metadata_table: str = ""


def prepare_batch(
    con: duckdb.DuckDBPyConnection,
    reader: Reader,
    manifests: Sequence[Manifest],
    checks_total: bool,
    known_errors: Mapping[str, ContractError] | None = None,
) -> Batch:
    """Read partitions into temp tables and derive their sparse rows; changes nothing in `raw`.

    The days of a scope must follow each other without a loaded one between. Those that break the
    contract, and those of `known_errors` (by partition), are left out of the comparison.
    """
    known_errors = known_errors or {}
    tables, first = reader.tables, manifests[0]
    label = f"{tables.source} {first.partition}"
    if first.as_of is None:
        error = ContractError(f"{label}: the manifest has no day: import the file again")
        return Batch(tables, {first.partition: Page(first, 1, error)})
    try:
        manifests = reader.alike(con, manifests)
        records = reader.records(con, manifests)
        metadata_table = _stage(con, records, manifests, label)
    except ContractError as error:
        return Batch(tables, {first.partition: Page(first, 1, error)})
    pages = [Page(manifest, number) for number, manifest in enumerate(manifests, 1)]
    batch = Batch(
        tables, {page.manifest.partition: page for page in pages}, records, metadata_table
    )
    _count(con, pages)
    for page in pages:
        page.repeats = records.repeats.get(page.file, 0)
        page.rows += page.repeats
    days = ReadDays.by_scope(con, tables)
    states = _create_previous(con, tables, days, pages)
    _check(con, tables, pages, checks_total, known_errors)
    good = [page for page in pages if page.error is None]
    if good:
        _register_names(con, good)
        _derive(con, good, days, states)
        _derive_metadata(con, tables, good)
        _count_written(con, good)
    if checks_total and (found := _check_fields(con, batch, good)):
        errors = {**known_errors, **found}
        return prepare_batch(con, reader, manifests, checks_total, errors)
    return batch


def _rows_of(manifest: Manifest) -> list[int]:
    """Rows of a manifest's files, many where a file does not say."""
    return [STAGE_WHOLE_ROWS if file.rows is None else file.rows for file in manifest.files]


def _stage(
    con: duckdb.DuckDBPyConnection, records: Records, manifests: Sequence[Manifest], label: str
) -> str:
    """Create temp.staged; the name of the table or view with the metadata columns."""
    few = len(manifests) > 1 or sum(_rows_of(manifests[0])) <= STAGE_WHOLE_ROWS
    whole = few and not records.is_table
    kept = "*" if whole else STAGED_COLUMNS
    staged = f"""
        select
            {kept},
            case
                when problem is not null then problem
                {id_reason("model_id", "id")}
                {number_reason("raw_downloads_30d", "downloads_30d", "downloads")}
                {number_reason("raw_downloads_all_time", "downloads_all_time", "downloadsAllTime")}
                {number_reason("raw_likes", "likes", "likes")}
                when is_created_unreadable then 'createdAt is no date'
                when created_at < timestamp '{EARLIEST_DAY}'
                    or created_at >= timestamp '{LATEST_DAY}'
                    then 'createdAt is out of range'
            end as reason,
            {content_hash()} as content_hash,
            {parents("base_models", "tags")} as parents,
    """
    try:
        if whole:
            con.execute(f"create or replace temp table staged as {staged} from ({records.sql})")
        else:
            con.execute(f"create or replace temp view records as {records.sql}")
            con.execute(f"create or replace temp table staged as {staged} from temp.records")
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException):
        raise ContractError(f"{label}: the file is damaged: fetch it again") from None
    return "staged" if whole else "records"


def _count(con: duckdb.DuckDBPyConnection, pages: list[Page]) -> None:
    """Mark repeated ids as rejected, and count each page's records, rejects and total."""
    for attempt in range(2):
        repeated = set()
        for file, rows, rejected, ids, oids, with_oid, total in con.execute(
            """
            select
                file,
                count(*),
                count(reason),
                count(distinct model_id) filter (where reason is null),
                count(distinct hub_oid) filter (where reason is null),
                count(hub_oid) filter (where reason is null),
                sum(downloads_all_time) filter (where reason is null)
            from temp.staged
            group by file
            """
        ).fetchall():
            page = pages[file - 1]
            page.rows, page.rejected, page.total = int(rows), int(rejected), int(total or 0)
            if ids != rows - rejected:
                repeated.add(("model_id", "id"))
            if oids != with_oid:
                repeated.add(("hub_oid", "_id"))
        if not repeated or attempt:
            return
        for column, name in sorted(repeated, reverse=True):
            con.execute(
                f"""
                update temp.staged as s
                set reason = 'a row before has the same {name}'
                from (
                    select file, row_number
                    from temp.staged
                    where reason is null and {column} is not null
                    qualify row_number() over (partition by file, {column} order by row_number) > 1
                ) as repeated
                where s.file = repeated.file and s.row_number = repeated.row_number
                """
            )


def _create_previous(
    con: duckdb.DuckDBPyConnection,
    tables: Tables,
    days: Mapping[str, ReadDays],
    pages: list[Page],
) -> dict[str, int]:
    """Create temp.previous: what was there on the read day before each scope's first page.

    Returns the first page (by file) of each complete scope.
    """
    firsts: dict[str, int] = {}
    spans = []
    for page in pages:
        if not is_complete(page.scope) or page.scope in firsts:
            continue
        firsts[page.scope] = page.file
        known = days.get(page.scope, ReadDays([])).without(page.day)
        before = known.before(page.day)
        if before is not None:
            spans.append(state_span(known, page.scope, before.day, page.file))
    readings.expand(con, "previous", tables, spans)
    return firsts


def _check(
    con: duckdb.DuckDBPyConnection,
    tables: Tables,
    pages: list[Page],
    checks_total: bool,
    known_errors: Mapping[str, ContractError],
) -> None:
    """Number the good pages, and note for the others why they cannot be loaded."""
    rows = con.execute(
        "select page, coalesce(sum(downloads_all_time), 0) from temp.previous group by page"
    ).fetchall()
    by_file = {file: int(total) for file, total in rows}
    before: dict[str, int] = {}
    number = 0
    for page in pages:
        partition = page.manifest.partition
        page.error = known_errors.get(partition)
        if page.error is not None:
            continue
        try:
            check_rejected(
                con,
                tables.source,
                partition,
                page.rows,
                page.rejected,
                f"(select reason from temp.staged where file = {page.file})",
            )
            if is_complete(page.scope) and checks_total:
                previous = before.get(page.scope, by_file.get(page.file, 0))
                check_total(
                    tables.source, partition, page.total, previous, page.rows, page.rejected
                )
        except ContractError as error:
            page.error = error
            continue
        before[page.scope] = page.total
        number += 1
        page.page = number


def _register_names(con: duckdb.DuckDBPyConnection, good: list[Page]) -> None:
    """Create temp.day_records and temp.new_names, each new name with the first page that has it.

    A rejected record whose id is readable is unknown, unless a row of the page has that id.
    """
    page = f"list_position([{', '.join(str(entry.file) for entry in good)}], file)"
    unknown = (
        f"""
        union all
        select {page}, file, row_number, hub_oid, model_id, 'unknown', null, null, null, null, null
        from temp.staged as s
        where
            reason is not null
            and case {id_reason("model_id", "id")} end is null
            and not exists (
                select 1
                from temp.staged as o
                where o.file = s.file and o.model_id = s.model_id and o.reason is null
            )
        qualify row_number() over (partition by file, model_id order by row_number) = 1
        """
        if any(entry.rejected for entry in good)
        else ""
    )
    con.execute(
        f"""
        create or replace temp view seen as
        select
            {page} as page,
            file,
            row_number,
            hub_oid,
            model_id,
            'present' as presence,
            downloads_30d,
            downloads_all_time,
            likes,
            content_hash,
            parents,
        from temp.staged
        where reason is null
        {unknown}
        """
    )
    con.execute(
        """
        create or replace temp table new_names as
        with named as (
            select page, hub_oid, model_id
            from temp.seen
            union all
            select page, p.hub_oid, p.model_id
            from (select page, unnest(parents) as p from temp.seen)
        ),

        first_pages as (
            select n.hub_oid, n.model_id, min(n.page) as page
            from named as n
            anti join raw.model_names as k
                on k.model_id = n.model_id and k.hub_oid is not distinct from n.hub_oid
            where n.page is not null
            group by n.hub_oid, n.model_id
        )

        select
            page,
            (select coalesce(max(name_key), 0) from raw.model_names)
                + row_number() over (order by page, model_id, hub_oid) as name_key,
            hub_oid,
            model_id,
        from first_pages
        """
    )
    con.execute(
        """
        create or replace temp table day_records as
        with names as (
            select name_key, hub_oid, model_id
            from raw.model_names
            union all
            select name_key, hub_oid, model_id
            from temp.new_names
        )

        select s.* exclude (hub_oid, model_id, parents), k.name_key
        from temp.seen as s
        inner join names as k
            on k.model_id = s.model_id and k.hub_oid is not distinct from s.hub_oid
        where s.page is not null
        """
    )


def _derive(
    con: duckdb.DuckDBPyConnection,
    good: list[Page],
    days: Mapping[str, ReadDays],
    firsts: Mapping[str, int],
) -> None:
    """Create temp.day_readings: the rows to write, by page.

    A page is compared with the good page of its scope before it in the batch, else with what was
    there on the read day before the batch. Of a scope that is no complete read every row is kept.
    """
    whole = [page.page for page in good if not is_complete(page.scope)]
    pairs: list[tuple[int, int]] = []
    states: list[tuple[int, int]] = []
    for scope in dict.fromkeys(page.scope for page in good if is_complete(page.scope)):
        chain = [page for page in good if page.scope == scope]
        known = days.get(scope, ReadDays([])).with_days([ReadDay(p.day, 0, 0) for p in chain])
        whole += [page.page for page in chain if known.first_of_month(page.day) == page.day]
        states.append((firsts[scope], chain[0].page))
        pairs += [(a.page, b.page) for a, b in itertools.pairwise(chain)]
    con.execute(
        f"""
        create or replace temp view prior as
        {_paged("previous", states)}
        union all
        {_paged("day_records", pairs)}
        """
    )
    con.execute(
        "create or replace temp table day_readings as "
        + readings.sparse("day_records", "prior", whole)
    )


def _paged(table: str, pairs: list[tuple[int, int]]) -> str:
    """SQL for the rows of a table under other page numbers, (from, to)."""
    values = ", ".join(f"({old}, {new})" for old, new in pairs or [(0, 0)])
    return f"""
        select
            b.new_page as page,
            r.name_key,
            r.presence,
            r.downloads_30d,
            r.downloads_all_time,
            r.likes,
        from temp.{table} as r
        inner join (values {values}) as b (old_page, new_page) on b.old_page = r.page
    """


def _derive_metadata(con: duckdb.DuckDBPyConnection, tables: Tables, good: list[Page]) -> None:
    """Create temp.day_metadata: the records whose metadata differs from the scope's row before."""
    before = "l.content_hash"
    if len({page.scope for page in good}) < len(good):
        page_before = "lag(r.content_hash) over (partition by p.scope, r.name_key order by r.page)"
        before = f"coalesce({page_before}, {before})"
    scopes = ", ".join(f"({page.page}, {quoted(page.scope)}, date '{page.day}')" for page in good)
    con.execute(
        f"""
        create or replace temp table day_metadata as
        with pages as (
            select * from (values {scopes}) as p (page, scope, day)
        ),

        firsts as (
            select scope, min(day) as first_day
            from pages
            group by scope
        ),

        latest as (
            select m.scope, m.name_key, arg_max(m.content_hash, m.day) as content_hash
            from {tables.metadata} as m
            inner join firsts as f on f.scope = m.scope and m.day < f.first_day
            group by m.scope, m.name_key
        ),

        compared as (
            select
                r.page,
                r.file,
                r.row_number,
                r.name_key,
                r.content_hash,
                {before} as before,
            from temp.day_records as r
            inner join pages as p on p.page = r.page
            left join latest as l on l.name_key = r.name_key and l.scope = p.scope
            where r.presence = 'present'
        )

        select page, file, row_number, name_key, content_hash
        from compared
        where content_hash is distinct from before
        """
    )


def _check_fields(
    con: duckdb.DuckDBPyConnection, batch: Batch, good: list[Page]
) -> dict[str, ContractError]:
    """Errors of complete reads in which a field is gone, by partition.

    Where most models' metadata is not what it was: on other days nothing is asked. Compared is with
    what is loaded, not with a day before in the same batch.
    """
    errors = {}
    counts = ", ".join(
        f"count({value.format('b')}), count({value.format('m')})"
        for value in LASTING_FIELDS.values()
    )
    for page in good:
        if not is_complete(page.scope) or page.metadata * 2 < page.rows - page.rejected:
            continue
        rows = con.execute(
            f"""
            with latest as (
                select name_key, max(day) as day
                from {batch.tables.metadata}
                where scope = $scope and day < $day
                group by name_key
            )

            select {counts}
            from temp.day_metadata as c
            inner join temp.{batch.metadata_table} as m
                on m.file = c.file and m.row_number = c.row_number
            inner join latest as l on l.name_key = c.name_key
            inner join {batch.tables.metadata} as b
                on b.name_key = l.name_key and b.day = l.day and b.scope = $scope
            where c.page = $page
            """,
            {"scope": page.scope, "day": page.day, "page": page.page},
        ).fetchall()[0]
        pairs = zip(rows[::2], rows[1::2], strict=True)
        try:
            check_fields(
                batch.tables.source,
                page.manifest.partition,
                dict(zip(LASTING_FIELDS, pairs, strict=True)),
                page.rows,
                page.rejected,
            )
        except ContractError as error:
            errors[page.manifest.partition] = error
    return errors


def _count_written(con: duckdb.DuckDBPyConnection, good: list[Page]) -> None:
    for page, names, rows, metadata, stored, absent in con.execute(
        """
        with present as (
            select page, name_key
            from temp.day_readings
            where presence = 'present'
        ),

        written as (
            select page, 'reading' as kind, presence
            from temp.day_readings
            union all
            select page, 'metadata', null
            from temp.day_metadata
            union all
            select m.page, 'only metadata', 'present'
            from temp.day_metadata as m
            anti join present as p on p.page = m.page and p.name_key = m.name_key
            union all
            select page, 'name', null
            from temp.new_names
        )

        select
            page,
            count(*) filter (where kind = 'name'),
            count(*) filter (where kind = 'reading'),
            count(*) filter (where kind = 'metadata'),
            count(*) filter (where presence = 'present'),
            count(*) filter (where presence = 'absent')
        from written
        group by page
        """
    ).fetchall():
        entry = good[page - 1]
        entry.names, entry.readings, entry.metadata = names, rows, metadata
        entry.stored, entry.absent = stored, absent


def _write_page(load: Load, batch: Batch, page: Page) -> Counts:
    con, manifest, tables = load.con, load.manifest, batch.tables
    assert batch.records is not None  # noqa: S101  (only a page with an error has none)
    merge_unknown(load, batch.records.columns.get(page.file, {}))
    entry = ReadDay(page.day, load.load_id, manifest.days_early)
    room: list[Room] = []
    # A batch of several is new and later than anything loaded: nothing to make room for.
    if len(batch.pages) == 1:
        room = _make_room(load, tables, page)
    if page.names:
        con.execute(
            "insert into raw.model_names "
            "select name_key, hub_oid, model_id from temp.new_names where page = ?",
            [page.page],
        )
    if page.readings:
        readings.write(con, tables, "day_readings", page.page, page.scope, entry)
    if page.metadata:
        _store_metadata(con, batch, page, entry)
    if page.rejected:
        _store_rejects(load, page, batch.records)
    read = page.rows - page.repeats - page.rejected
    covered = [(page.scope, is_complete(page.scope), read)]
    covered += [(also.scope, also.is_complete, also.rows) for also in manifest.covered]
    for scope, complete, rows in covered:
        con.execute(
            "insert into raw.read_days values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                tables.source,
                scope,
                page.day,
                complete,
                manifest.days_early,
                rows,
                load.partition,
                load.load_id,
            ],
        )
    for entry_room in room:
        _derive_next(con, tables, entry_room)
    for load_id in sorted({changed for entry_room in room for changed in entry_room.changed}):
        readings.recount(con, tables, load_id)
    if load.previous_load_id is not None:
        drop_unused_names(con)
    return Counts(page.rows, page.stored, page.rejected, page.absent)


@dataclass(frozen=True)
class Room:
    """What a load out of order touches besides its own day, in one scope.

    `changed`: load_ids whose ledger counts change. `next_day`: the scope's next read day, whose
    readings were taken out into temp.`records` and must be derived anew.
    """

    scope: str
    changed: list[int]
    next_day: ReadDay | None
    records: str


def _make_room(load: Load, tables: Tables, page: Page) -> list[Room]:
    """Remove the load that is replaced, and correct the later days of its scope and the new one."""
    con, day = load.con, page.day
    days = ReadDays.by_scope(con, tables)
    replaced_scope = None
    if load.previous_load_id is not None:
        rows = con.execute(
            "select scope from raw.read_days where load_id = ?", [load.previous_load_id]
        ).fetchall()
        scopes = [str(row[0]) for row in rows]
        # Only discovery has more than one, and its own is always the same.
        replaced_scope = page.scope if page.scope in scopes or not scopes else scopes[0]
    room = []
    for number, scope in enumerate(dict.fromkeys([page.scope, replaced_scope or page.scope])):
        known = days.get(scope, ReadDays([]))
        if known.latest is None or known.latest <= day:
            continue
        room.append(
            _correct_scope(con, tables, known, page, scope, scope == replaced_scope, number)
        )
    if load.previous_load_id is not None:
        for table in (tables.readings, tables.metadata, "raw.read_days", "raw.rejects"):
            con.execute(f"delete from {table} where load_id = ?", [load.previous_load_id])
    return room


def _correct_scope(
    con: duckdb.DuckDBPyConnection,
    tables: Tables,
    known: ReadDays,
    page: Page,
    scope: str,
    is_replaced: bool,
    number: int,
) -> Room:
    """Correct the metadata of a scope's later days, and take out its next read day's readings."""
    day, next_records = page.day, f"next_records_{number}"
    next_day = known.after(day) if is_complete(scope) else None
    replaced = []
    if is_replaced:
        replaced = [
            state_span(known, scope, day, 0) if is_complete(scope) else Span(0, scope, day, day)
        ]
    following = [state_span(known, scope, next_day.day, 1)] if next_day else []
    new = "true" if scope == page.scope else "false"
    con.execute(
        f"create or replace temp view new_records as select * from temp.day_records where {new}"
    )
    readings.expand(con, "replaced_records", tables, replaced)
    readings.expand(con, next_records, tables, following)
    con.execute(f"create or replace temp view next_records as select * from temp.{next_records}")
    changed = readings.correct_later_metadata(
        con, tables, scope, day, next_day.day if next_day else None
    )
    if next_day is not None:
        changed.append(next_day.load_id)
        con.execute(
            f"delete from {tables.readings} where load_id = ? and scope = ?",
            [next_day.load_id, scope],
        )
    return Room(scope, changed, next_day, next_records)


def _derive_next(con: duckdb.DuckDBPyConnection, tables: Tables, room: Room) -> None:
    """Write the scope's next read day anew against its new neighbour."""
    if room.next_day is None:
        return
    days = ReadDays.of(con, tables, room.scope)
    previous = days.before(room.next_day.day)
    spans = [state_span(days, room.scope, previous.day, 1)] if previous else []
    readings.expand(con, "next_previous", tables, spans)
    whole = [1] if days.first_of_month(room.next_day.day) == room.next_day.day else []
    con.execute(
        "create or replace temp table next_readings as "
        + readings.sparse(room.records, "next_previous", whole)
    )
    readings.write(con, tables, "next_readings", 1, room.scope, room.next_day)


def _store_metadata(
    con: duckdb.DuckDBPyConnection, batch: Batch, page: Page, entry: ReadDay
) -> None:
    con.execute(
        f"""
        insert into {batch.tables.metadata}
        select c.name_key, $day, $scope, c.content_hash, {METADATA_COLUMNS}, $load_id
        from temp.{batch.metadata_table} as m
        inner join temp.day_metadata as c on c.file = m.file and c.row_number = m.row_number
        where c.page = $page
        order by c.name_key
        """,
        {
            "day": entry.day,
            "scope": page.scope,
            "load_id": entry.load_id,
            "page": page.page,
        },
    )


def _store_rejects(load: Load, page: Page, records: Records) -> None:
    load.con.execute(
        f"""
        insert into raw.rejects
        with rejected as (
            select row_number, reason
            from temp.staged
            where reason is not null and file = $file
        )

        select
            $load_id, $source, $partition, r.page, r.file_row, s.reason, r.payload, $now
        from rejected as s
        inner join ({records.payloads(page.file)}) as r on r.row_number = s.row_number
        order by s.row_number
        """,
        {
            "file": page.file,
            "load_id": load.load_id,
            "source": load.source,
            "partition": load.partition,
            "now": load.started_at,
        },
    )
