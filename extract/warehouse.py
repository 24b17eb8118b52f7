"""The warehouse: its connection, its `raw` schema, the load ledger, rejects and unknown columns.

One DuckDB file, one writer at a time. Every partition is one transaction: either all of it is in
`raw`, with its ledger row, or nothing is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import duckdb

from extract.errors import HubtideError, MixedKindsError, WarehouseLockedError, without_folders
from extract.home import Home, utc_now
from extract.landing import Manifest

SCHEMA = Path(__file__).with_name("schema.sql")

# Who only looks at the warehouse (a status, a query) has it open for moments, and a command opens
# it many times: so long, in seconds, it is waited for, as long as by dbt (profiles.yml, retries).
LOCK_SECONDS = 15.0
LOCK_PAUSE = 0.1

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class LoadedPartition:
    """The ledger's row of a loaded partition."""

    load_id: int
    sha256: str
    rows_read: int
    rows_stored: int
    rows_unchanged: int
    rows_rejected: int


@dataclass
class Load:
    """One partition on its way into `raw`, inside an open transaction.

    `previous_load_id` is the load that this one supersedes, if any.
    """

    con: duckdb.DuckDBPyConnection
    manifest: Manifest
    load_id: int
    previous_load_id: int | None
    started_at: datetime
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The source's name."""
        return self.manifest.source

    @property
    def partition(self) -> str:
        """The partition's name."""
        return self.manifest.partition

    @property
    def label(self) -> str:
        """How messages name the partition."""
        return f"{self.source} {self.partition}"


@dataclass(frozen=True)
class Counts:
    """rows_unchanged is read - stored - rejected. `absent` rows are outside the sum."""

    read: int
    stored: int
    rejected: int
    absent: int = 0


class Warehouse:
    """An open connection to the warehouse. Use as a context manager; closing ends the lock."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._reported: dict[str, dict[str, str]] | None = None
        self._last_load_id: int | None = None

    @classmethod
    def open(cls, home: Home) -> Warehouse:
        """Open the warehouse for writing and make sure of the `raw` schema.

        Raises WarehouseLockedError when another process has it open and keeps it.
        """
        home.root.mkdir(parents=True, exist_ok=True)
        return cls.over(connect(home.warehouse))

    @classmethod
    def over(cls, con: duckdb.DuckDBPyConnection) -> Warehouse:
        """A warehouse on an open connection; makes sure of the `raw` schema."""
        # Timestamps with a zone are read as UTC, whatever the machine's zone.
        con.execute("set TimeZone = 'UTC'")
        older = _without_counters_before(con)
        # At once: a column that an upgrade added and did not fill would be taken for a filled one.
        con.execute("begin transaction")
        con.execute(SCHEMA.read_text(encoding="utf-8"))
        for table in older:
            _fill_counters_before(con, table)
        con.execute("commit")
        return cls(con)

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.con.close()

    def guard_kind(self, is_synthetic: bool) -> None:
        """Raise MixedKindsError when the warehouse holds loads of the other kind."""
        other = self.con.execute(
            "select count(*) from raw.loads where status = 'loaded' and is_synthetic <> ?",
            [is_synthetic],
        ).fetchall()[0][0]
        if other:
            raise MixedKindsError(mixed_kinds("the warehouse", is_synthetic))

    def loaded(self, source: str) -> dict[str, LoadedPartition]:
        """The current load of each partition of a source."""
        rows = self.con.execute(
            """
            select
                partition, load_id, sha256, rows_read, rows_stored, rows_unchanged, rows_rejected
            from raw.loads
            where source = ? and status = 'loaded'
            """,
            [source],
        ).fetchall()
        return {row[0]: LoadedPartition(*row[1:]) for row in rows}

    def next_load_id(self) -> int:
        """One more than the highest load_id so far; a number is never given twice."""
        if self._last_load_id is None:
            query = "select coalesce(max(load_id), 0) from raw.loads"
            self._last_load_id = int(self.con.execute(query).fetchall()[0][0])
        self._last_load_id += 1
        return self._last_load_id

    def record_loaded(self, load: Load, counts: Counts) -> None:
        """Write the ledger row of a load, and mark the one that it supersedes."""
        if load.previous_load_id is not None:
            self.con.execute(
                "update raw.loads set status = 'superseded' where load_id = ?",
                [load.previous_load_id],
            )
        self._record(load.manifest, load.load_id, load.started_at, "loaded", counts, None)
        self._report_unknown(load)

    def record_failed(
        self, manifest: Manifest, started_at: datetime, counts: Counts, error: str
    ) -> int:
        """Write the ledger row of a failed try, in a transaction of its own; its load_id."""
        load_id = self.next_load_id()
        self._record(manifest, load_id, started_at, "failed", counts, error)
        return load_id

    def _record(
        self,
        manifest: Manifest,
        load_id: int,
        started_at: datetime,
        status: str,
        counts: Counts,
        error: str | None,
    ) -> None:
        self.con.execute(
            "insert into raw.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                load_id,
                manifest.source,
                manifest.partition,
                status,
                counts.read,
                counts.stored,
                counts.read - counts.stored - counts.rejected,
                counts.rejected,
                counts.absent,
                manifest.digest,
                manifest.is_synthetic,
                manifest.as_of,
                manifest.days_early,
                error,
                started_at,
                utc_now(),
            ],
        )

    def _report_unknown(self, load: Load) -> None:
        """Keep each unknown column once, with the first partition (by name) that has it.

        Leaves those in `load.unknown` that were never reported before.
        """
        if not load.unknown:
            return
        if self._reported is None:
            self._reported = {}
            for source, column, first in self.con.execute(
                "select source, column_name, first_partition from raw.unknown_columns"
            ).fetchall():
                self._reported.setdefault(source, {})[column] = first
        reported = self._reported.setdefault(load.source, {})
        known: set[str] = set()
        for column, column_type in sorted(load.unknown.items()):
            first = reported.get(column)
            if first is not None and first <= load.partition:
                known.add(column)
                continue
            self.con.execute(
                "delete from raw.unknown_columns where source = ? and column_name = ?",
                [load.source, column],
            )
            self.con.execute(
                "insert into raw.unknown_columns values (?, ?, ?, ?, ?)",
                [load.source, column, column_type, load.partition, load.load_id],
            )
            reported[column] = load.partition
            if first is not None:
                known.add(column)
        load.unknown = {name: type_ for name, type_ in load.unknown.items() if name not in known}

    def forget_reported(self) -> None:
        """Read raw.unknown_columns anew at the next load (after a rollback)."""
        self._reported = None


def connect(path: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect to a DuckDB file. Raises what `once_free` raises."""
    return once_free(path, lambda: duckdb.connect(str(path), read_only=read_only))


def once_free(path: Path, opening: Callable[[], Opened]) -> Opened:
    """What `opening` the DuckDB file gives; tried for LOCK_SECONDS while another process has it.

    Raises WarehouseLockedError when that keeps it for longer, HubtideError when the file cannot be
    opened for another reason.
    """
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return opening()
        except duckdb.Error as error:
            text = str(error)
            if "Could not set lock" not in text:
                raise HubtideError(f"{path.name} cannot be opened: {first_line(error)}") from None
            if time.monotonic() >= give_up:
                holder = re.search(r"PID (\d+)", text)
                who = f"process {holder[1]}" if holder else "another process"
                raise WarehouseLockedError(
                    f"{path.name} is in use by {who}: end it or wait for it, then run this again"
                ) from None
        time.sleep(LOCK_PAUSE)


def drop_raw(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the tables of `raw` that landed files fill, and create the schema anew.

    What builds cost stays: no landed file has it, nor has any build that is no longer kept.
    """
    for (table,) in con.execute(
        """
        select table_name
        from duckdb_tables()
        where
            schema_name = 'raw'
            and not temporary
            and table_name not in ('published_builds', 'build_steps')
        """
    ).fetchall():
        con.execute(f'drop table raw."{table}"')
    con.execute(SCHEMA.read_text(encoding="utf-8"))


def _without_counters_before(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of readings from before rows kept the counter of the scope's previous read day."""
    return [
        str(name)
        for (name,) in con.execute(
            """
            select table_name
            from duckdb_columns()
            where schema_name = 'raw' and table_name like 'hub\\_%\\_readings' escape '\\'
            group by table_name
            having not bool_or(column_name = 'downloads_all_time_before')
            """
        ).fetchall()
    ]


def _fill_counters_before(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Fill the column for the rows that are there: a model without a row is unchanged."""
    con.execute(
        f"""
        update raw.{table} as r
        set downloads_all_time_before = b.before
        from (
            select
                name_key,
                scope,
                day,
                lag(downloads_all_time) over (
                    partition by name_key, scope order by day
                ) as before
            from raw.{table}
            where scope <> 'rows'
        ) as b
        where b.name_key = r.name_key and b.scope = r.scope and b.day = r.day
        """
    )


def drop_unused_names(con: duckdb.DuckDBPyConnection) -> None:
    """Forget names that no reading, metadata row or parent refers to any more.

    Run when a load supersedes another: `raw` is then what it would be had only the new content
    ever been loaded.
    """
    sources = ("hub_stats", "hub_api", "hub_discovery")
    readings = "".join(f"select name_key from raw.{source}_readings union " for source in sources)
    metadata = " union all ".join(
        f"select name_key, base_models, tags from raw.{source}_metadata" for source in sources
    )
    con.execute(
        f"""
        delete from raw.model_names
        where name_key not in (
            {readings}
            select name_key from ({metadata})
            union
            select name_key from raw.files_readings
            union
            select n.name_key
            from (
                select distinct p.hub_oid, p.model_id
                from (select unnest({parents("base_models", "tags")}) as p from ({metadata}))
            ) as used
            inner join raw.model_names as n
                on n.model_id = used.model_id and n.hub_oid is not distinct from used.hub_oid
        )
        """
    )


def parents(base_models: str, tags: str) -> str:
    """SQL for a record's parents as struct(hub_oid, model_id)[]; null or empty where none.

    From baseModels where present, else from the tags `base_model:X` and `base_model:REL:X`
    (a repository id holds no colon). Names that are missing are left out.
    """
    return f"""
        list_filter(
            case
                when {base_models} is not null then {base_models}
                else list_transform(
                    list_filter({tags}, lambda t: starts_with(t, 'base_model:')),
                    lambda t: {{
                        'hub_oid': cast(null as varchar),
                        'model_id': string_split(t, ':')[-1]
                    }}
                )
            end,
            lambda m: coalesce(m.model_id, '') <> ''
        )
    """


def as_day(value: Any) -> date | None:
    """A date out of a DuckDB row."""
    return value if isinstance(value, date) else None


def first_line(error: BaseException) -> str:
    """The first line of an error, without paths."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return without_folders(line)[:300]


def merge_unknown(load: Load, columns: Mapping[str, str]) -> None:
    """Note columns that the loader does not know; the ledger reports each once."""
    load.unknown.update(columns)


def mixed_kinds(place: str, is_synthetic: bool) -> str:
    """The line on rows of one kind that would meet those of the other in `place`."""
    here, there = ("synthetic", "real") if is_synthetic else ("real", "synthetic")
    return (
        f"the rows to load are {here} and {place} holds {there} ones; they never mix: "
        "set HUBTIDE_HOME to another folder"
    )
