"""Dated snapshots of the Hub: the dataset cfahlgren1/hub-stats, one Parquet file a day.

A file has one row a model; its columns drift (hub_stats_columns.py). Nothing is read row by row:
3 million rows stream through SQL. What a partition needs is first prepared in temp tables, outside
any transaction, and then written in a short one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from extract import readings
from extract.csv_lines import quoted
from extract.errors import ContractError, ImportFolderError
from extract.home import Home
from extract.import_folder import ImportFolder, stem
from extract.landing import Incoming, Manifest, land
from extract.readings import HUB, ReadDay, ReadDays
from extract.rules import (
    check_rejected,
    check_total,
    id_reason,
    number_reason,
)
from extract.sources.base import Found
from extract.sources.hub_stats_columns import KNOWN_COLUMNS, content_hash, projection
from extract.warehouse import Counts, Load, as_day, drop_unused_names, merge_unknown, parents

SOURCE = "hub_stats"

# A file with at least this many rows is taken for the whole Hub when manifest.csv does not say:
# the Hub held over 700,000 models when the dataset began in July 2024, and no extract is so large.
WHOLE_HUB_ROWS = 500_000

# Up to this many rows all columns are staged in memory at once (about 0.5 kB a row); above it the
# metadata is read from the file again, for the changed rows only.
STAGE_WHOLE_ROWS = 200_000

# Snapshots prepared together at most.
MAX_BATCH = 64

STAGED_COLUMNS = "file, row_number, model_id, hub_oid, downloads_30d, downloads_all_time, likes"
METADATA_COLUMNS = (
    "created_at, pipeline_tag, library_name, tags, base_relation, base_models, "
    "parameters_total, parameters_by_dtype, gguf_total"
)


def find(folder: ImportFolder, home: Home) -> list[Found]:
    """The snapshots of an import folder, by day.

    The day is manifest.csv's as_of, else the date that the file is named by. Raises
    ImportFolderError for a file without a date, and for two files of one day.
    """
    days: dict[date, Path] = {}
    for path in folder.files(SOURCE, ".parquet"):
        day = folder.dating(path).as_of or _date_of(stem(path))
        if day is None:
            raise ImportFolderError(
                f"{folder.name(path)}: name the file YYYY-MM-DD.parquet, or give it an as_of in "
                "manifest.csv"
            )
        if day in days:
            raise ImportFolderError(
                f"{folder.name(path)} and {folder.name(days[day])} are both of {day}: keep one"
            )
        days[day] = path
    return [
        Found(SOURCE, day.isoformat(), f"{day:%Y-%m}", _lander(folder, home, day, path))
        for day, path in sorted(days.items())
    ]


class Loader:
    """Loads landed snapshots, each in its own transaction, what can be shared prepared before.

    Small snapshots that follow each other are read and compared together (planning a statement
    costs more than running it on 260 rows); a whole Hub is a batch of one. `pending` are all
    manifests to load, in order; `loaded` the partitions that have a load already.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        pending: Sequence[Manifest],
        loaded: Collection[str],
        checks_total: bool,
    ) -> None:
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
            self._con, self._together(self._pending[start:]), self._checks_total
        )

    def load(self, load: Load) -> Counts:
        """Write a prepared partition inside the open transaction.

        Raises ContractError when the file cannot be read, has no column `id`, no rows, more than
        1 % rejected, or (scope hub) an all-time total below a tenth of the previous read day's.
        """
        if self._batch is None:
            raise ContractError(f"{load.label} was not prepared")
        page = self._batch.pages[load.partition]
        if page.error is not None:
            raise page.error
        return _write_page(load, self._batch, page)

    def _together(self, pending: list[Manifest]) -> list[Manifest]:
        """The first manifest and those after it that can be prepared with it.

        They must be new, later than anything loaded, in order, of one scope and few rows.
        """
        chosen = pending[:1]
        latest = _latest_day(self._con)
        rows = 0
        for manifest in pending[:MAX_BATCH]:
            rows += manifest.files[0].rows or STAGE_WHOLE_ROWS
            if (
                manifest.partition in self._loaded
                or manifest.as_of is None
                or (latest is not None and manifest.as_of <= latest)
                or manifest.scope != pending[0].scope
                or rows > STAGE_WHOLE_ROWS
            ):
                break
            latest = manifest.as_of
            if manifest is not pending[0]:
                chosen.append(manifest)
        return chosen


@dataclass
class Page:
    """One snapshot of a batch. `file` is its place among the staged files, `page` among the good.

    `error` is why it cannot be loaded; then `page` is 0.
    """

    manifest: Manifest
    file: int
    error: ContractError | None = None
    page: int = 0
    rows: int = 0
    rejected: int = 0
    total: int = 0
    names: int = 0
    readings: int = 0
    metadata: int = 0
    stored: int = 0
    absent: int = 0

    @property
    def day(self) -> date:
        """The snapshot's day."""
        return self.manifest.as_of or date.min


@dataclass
class Batch:
    """Snapshots staged together. `metadata_table` has the metadata columns by file and row."""

    pages: dict[str, Page]
    columns: dict[str, Any]
    metadata_table: str = ""
    is_hub: bool = False


def prepare_batch(
    con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest], checks_total: bool
) -> Batch:
    """Read snapshots into temp tables and derive their sparse rows; changes nothing in `raw`.

    The days must follow each other without a loaded one between. A snapshot with other columns
    than the first ends the batch. Those that break the contract are left out of the comparison.
    """
    first = manifests[0]
    label = f"{SOURCE} {first.partition}"
    if first.as_of is None:
        error = ContractError(f"{label}: the manifest has no day: import the file again")
        return Batch({first.partition: Page(first, 1, error)}, {})
    try:
        manifests = _alike(con, manifests)
        columns = _columns(con, _path(first), label)
        metadata_table = _stage(con, manifests, columns, label)
    except ContractError as error:
        return Batch({first.partition: Page(first, 1, error)}, {})
    pages = [Page(manifest, number) for number, manifest in enumerate(manifests, 1)]
    batch = Batch(
        {page.manifest.partition: page for page in pages},
        columns,
        metadata_table,
        first.scope == HUB,
    )
    _count(con, pages)
    days = ReadDays.of_hub(con).without(first.as_of)
    previous = days.before(first.as_of) if batch.is_hub else None
    if batch.is_hub:
        readings.create_state(con, "previous", days, previous.day if previous else None)
    _check(con, batch, pages, checks_total)
    good = [page for page in pages if page.error is None]
    if good:
        _register_names(con, good)
        _derive(con, good, days, batch.is_hub)
        _derive_metadata(con, first.as_of)
        _count_written(con, good)
    return batch


def _date_of(name: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _lander(
    folder: ImportFolder, home: Home, day: date, path: Path
) -> Callable[[duckdb.DuckDBPyConnection], Manifest]:
    def run(con: duckdb.DuckDBPyConnection) -> Manifest:
        rows = _row_count(con, path)
        dating = folder.dating(path)
        return land(
            home,
            SOURCE,
            day.isoformat(),
            [Incoming(path.name, path, folder.name(path), rows)],
            is_synthetic=folder.is_synthetic,
            as_of=day,
            days_early=dating.days_early,
            scope=dating.scope or (HUB if (rows or 0) >= WHOLE_HUB_ROWS else "rows"),
        )

    return run


def _row_count(con: duckdb.DuckDBPyConnection, path: Path) -> int | None:
    """Rows by the file's footer; None where it is no Parquet file (its load says so)."""
    try:
        return int(
            con.execute(
                "select num_rows from parquet_file_metadata($path)", {"path": str(path)}
            ).fetchall()[0][0]
        )
    except duckdb.Error:
        return None


def _columns(con: duckdb.DuckDBPyConnection, path: Path, label: str) -> dict[str, Any]:
    try:
        description = con.execute(
            "select * from read_parquet($path) limit 0", {"path": str(path)}
        ).description
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise ContractError(f"{label}: the file is no readable Parquet: fetch it again") from None
    columns = {str(entry[0]): entry[1] for entry in description or ()}
    if "id" not in {name.lower() for name in columns}:
        raise ContractError(f"{label}: the file has no column 'id'; is it a hub-stats snapshot?")
    return columns


def _path(manifest: Manifest) -> Path:
    return manifest.path_of(manifest.files[0])


def _alike(con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> list[Manifest]:
    """The first manifest and those after it whose files have its columns and types."""
    if len(manifests) == 1:
        return list(manifests)
    by_path = {str(_path(manifest)): manifest for manifest in manifests}
    try:
        rows = con.execute(
            """
            select
                file_name,
                md5(
                    string_agg(
                        concat_ws('|', name, type, num_children, converted_type, logical_type),
                        ';'
                    )
                ) as signature
            from parquet_schema($paths)
            group by file_name
            """,
            {"paths": list(by_path)},
        ).fetchall()
    except duckdb.Error:  # one of the files is no Parquet file: each shows for itself
        return list(manifests[:1])
    signatures = dict(rows)
    first = signatures.get(str(_path(manifests[0])))
    return list(
        itertools.takewhile(
            lambda manifest: signatures.get(str(_path(manifest))) == first, manifests
        )
    )


def _stage(
    con: duckdb.DuckDBPyConnection,
    manifests: Sequence[Manifest],
    columns: dict[str, Any],
    label: str,
) -> str:
    """Create temp.staged; the name of the table or view with the metadata columns."""
    records = projection(columns, [_path(manifest) for manifest in manifests])
    whole = len(manifests) > 1 or (manifests[0].files[0].rows or 0) <= STAGE_WHOLE_ROWS
    kept = "*" if whole else STAGED_COLUMNS
    staged = f"""
        select
            {kept},
            case
                {id_reason("model_id", "id")}
                {number_reason("raw_downloads_30d", "downloads_30d", "downloads")}
                {number_reason("raw_downloads_all_time", "downloads_all_time", "downloadsAllTime")}
                {number_reason("raw_likes", "likes", "likes")}
                when is_created_unreadable then 'createdAt is no date'
            end as reason,
            {content_hash()} as content_hash,
            {parents("base_models", "tags")} as parents,
    """
    try:
        if whole:
            con.execute(f"create or replace temp table staged as {staged} from ({records})")
        else:
            con.execute(f"create or replace temp view records as {records}")
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


def _check(
    con: duckdb.DuckDBPyConnection, batch: Batch, pages: list[Page], checks_total: bool
) -> None:
    """Number the good pages, and note for the others why they cannot be loaded."""
    before = 0
    if batch.is_hub and checks_total:
        rows = con.execute("select sum(downloads_all_time) from temp.previous").fetchall()
        before = int(rows[0][0] or 0)
    number = 0
    for page in pages:
        partition = page.manifest.partition
        try:
            check_rejected(SOURCE, partition, page.rows, page.rejected)
            if batch.is_hub and checks_total:
                check_total(SOURCE, partition, page.total, before, page.rows, page.rejected)
        except ContractError as error:
            page.error = error
            continue
        before = page.total
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


def _derive(con: duckdb.DuckDBPyConnection, good: list[Page], days: ReadDays, is_hub: bool) -> None:
    """Create temp.day_readings: the rows to write, by page."""
    if not is_hub:
        con.execute(
            """
            create or replace temp table day_readings as
            select page, name_key, presence, downloads_30d, downloads_all_time, likes
            from temp.day_records
            """
        )
        return
    all_days = days.with_days([ReadDay(page.day, 0, 0) for page in good])
    months = [page.page for page in good if all_days.first_of_month(page.day) == page.day]
    prior = "previous"
    if len(good) > 1:
        prior = "prior"
        con.execute(
            f"""
            create or replace temp view prior as
            select page, name_key, presence, downloads_30d, downloads_all_time, likes
            from temp.previous
            union all
            select page, name_key, presence, downloads_30d, downloads_all_time, likes
            from temp.day_records
            where page < {len(good)}
            """
        )
    con.execute(
        "create or replace temp table day_readings as "
        + readings.sparse("day_records", prior, months)
    )


def _derive_metadata(con: duckdb.DuckDBPyConnection, first_day: date) -> None:
    """Create temp.day_metadata: which records' metadata differs from the model's row before."""
    con.execute(
        """
        create or replace temp table day_metadata as
        with latest as (
            select name_key, arg_max(content_hash, day) as content_hash
            from raw.hub_stats_metadata
            where day < $first_day
            group by name_key
        ),

        compared as (
            select
                r.page,
                r.file,
                r.row_number,
                r.name_key,
                r.content_hash,
                coalesce(
                    lag(r.content_hash) over (partition by r.name_key order by r.page),
                    l.content_hash
                ) as before,
            from temp.day_records as r
            left join latest as l on l.name_key = r.name_key
            where r.presence = 'present'
        )

        select page, file, row_number, name_key, content_hash
        from compared
        where content_hash is distinct from before
        """,
        {"first_day": first_day},
    )


def _count_written(con: duckdb.DuckDBPyConnection, good: list[Page]) -> None:
    for page, names, rows, metadata, stored, absent in con.execute(
        """
        with written as (
            select page, name_key, 'readings' as kind, presence
            from temp.day_readings
            union all
            select page, name_key, 'metadata', 'present'
            from temp.day_metadata
            union all
            select page, name_key, 'names', null
            from temp.new_names
        )

        select
            page,
            count(*) filter (where kind = 'names'),
            count(*) filter (where kind = 'readings'),
            count(*) filter (where kind = 'metadata'),
            count(distinct name_key) filter (where presence = 'present'),
            count(*) filter (where presence = 'absent')
        from written
        group by page
        """
    ).fetchall():
        entry = good[page - 1]
        entry.names, entry.readings, entry.metadata = names, rows, metadata
        entry.stored, entry.absent = stored, absent


def _write_page(load: Load, batch: Batch, page: Page) -> Counts:
    con, manifest = load.con, load.manifest
    known = {name.lower() for name in KNOWN_COLUMNS}
    merge_unknown(
        load,
        {name: str(type_) for name, type_ in batch.columns.items() if name.lower() not in known},
    )
    entry = ReadDay(page.day, load.load_id, manifest.days_early)
    # A batch of several is new and later than anything loaded: nothing to make room for.
    room = Room(set(), None)
    if len(batch.pages) == 1:
        room = _make_room(load, page.day, batch.is_hub)
    if page.names:
        con.execute(
            "insert into raw.model_names "
            "select name_key, hub_oid, model_id from temp.new_names where page = ?",
            [page.page],
        )
    if page.readings:
        readings.write(con, "day_readings", page.page, manifest.scope, entry)
    if page.metadata:
        _store_metadata(con, batch.metadata_table, page, manifest.scope, entry)
    if page.rejected:
        _store_rejects(load, page, batch.columns)
    con.execute(
        "insert into raw.read_days values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            SOURCE,
            manifest.scope,
            page.day,
            batch.is_hub,
            manifest.days_early,
            page.rows - page.rejected,
            load.partition,
            load.load_id,
        ],
    )
    if room.next_day is not None:
        _derive_next(con, room.next_day)
    for load_id in sorted(room.changed):
        readings.recount(con, load_id)
    if load.previous_load_id is not None:
        drop_unused_names(con)
    return Counts(page.rows, page.stored, page.rejected, page.absent)


@dataclass(frozen=True)
class Room:
    """What a load out of order touches besides its own day.

    `changed`: load_ids whose ledger counts change. `next_day`: the Hub's next read day, whose
    readings were taken out into temp.next_records and must be derived anew.
    """

    changed: set[int]
    next_day: ReadDay | None


def _make_room(load: Load, day: date, is_hub: bool) -> Room:
    """Remove the load that is replaced, and correct the metadata of later days."""
    con = load.con
    latest = _latest_day(con)
    if load.previous_load_id is None and (latest is None or latest < day):
        return Room(set(), None)
    days = ReadDays.of_hub(con)
    replaced_scope = None
    if load.previous_load_id is not None:
        rows = con.execute(
            "select scope from raw.read_days where load_id = ?", [load.previous_load_id]
        ).fetchall()
        replaced_scope = rows[0][0] if rows else None
    changed: set[int] = set()
    next_day = days.after(day)
    is_next_touched = next_day is not None and (is_hub or replaced_scope == HUB)
    if latest is not None and latest > day:
        if replaced_scope == HUB:
            readings.create_state(con, "replaced_records", days, day)
        else:
            readings.expand(con, "replaced_records", replaced_scope or "", day, day)
        readings.create_state(con, "next_records", days, next_day.day if next_day else None, 1)
        changed.update(
            readings.correct_later_metadata(
                con,
                "day_records",
                "replaced_records",
                "next_records",
                day,
                next_day.day if next_day else None,
            )
        )
    if next_day is not None and is_next_touched:
        changed.add(next_day.load_id)
        con.execute("delete from raw.hub_stats_readings where load_id = ?", [next_day.load_id])
    if load.previous_load_id is not None:
        for table in ("hub_stats_readings", "hub_stats_metadata", "read_days", "rejects"):
            con.execute(f"delete from raw.{table} where load_id = ?", [load.previous_load_id])
    return Room(changed, next_day if is_next_touched else None)


def _latest_day(con: duckdb.DuckDBPyConnection) -> date | None:
    return as_day(
        con.execute("select max(day) from raw.read_days where source = ?", [SOURCE]).fetchall()[0][
            0
        ]
    )


def _derive_next(con: duckdb.DuckDBPyConnection, entry: ReadDay) -> None:
    """Write the Hub's next read day anew against its new neighbour."""
    days = ReadDays.of_hub(con)
    previous = days.before(entry.day)
    readings.create_state(con, "next_previous", days, previous.day if previous else None)
    months = [1] if days.first_of_month(entry.day) == entry.day else []
    con.execute(
        "create or replace temp table next_readings as "
        + readings.sparse("next_records", "next_previous", months)
    )
    readings.write(con, "next_readings", 1, HUB, entry)


def _store_metadata(
    con: duckdb.DuckDBPyConnection, metadata_table: str, page: Page, scope: str, entry: ReadDay
) -> None:
    con.execute(
        f"""
        insert into raw.hub_stats_metadata
        select c.name_key, $day, $scope, c.content_hash, {METADATA_COLUMNS}, $load_id
        from temp.{metadata_table} as m
        inner join temp.day_metadata as c on c.file = m.file and c.row_number = m.row_number
        where c.page = $page
        order by c.name_key
        """,
        {"day": entry.day, "scope": scope, "load_id": entry.load_id, "page": page.page},
    )


def _store_rejects(load: Load, page: Page, columns: dict[str, Any]) -> None:
    pairs = ", ".join(f"{quoted(name)}, " + '"' + name.replace('"', '""') + '"' for name in columns)
    load.con.execute(
        f"""
        insert into raw.rejects
        with rejected as (
            select row_number, reason
            from temp.staged
            where reason is not null and file = $file
        ),

        records as (
            select
                file_row_number + 1 as row_number,
                cast(json_object({pairs}) as varchar) as payload,
            from read_parquet({quoted(str(_path(load.manifest)))}, file_row_number = true)
            where file_row_number + 1 in (select row_number from rejected)
        )

        select
            $load_id, $source, $partition, $page, s.row_number, s.reason, r.payload, $now
        from rejected as s
        inner join records as r on r.row_number = s.row_number
        order by s.row_number
        """,
        {
            "file": page.file,
            "load_id": load.load_id,
            "source": SOURCE,
            "partition": load.partition,
            "page": load.manifest.files[0].name,
            "now": load.started_at,
        },
    )
