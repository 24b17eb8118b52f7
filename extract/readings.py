"""Sparse readings of the Hub, from whichever source (docs/method.md, Readings).

A row is written where a counter, likes or presence differs from the previous read day of the
scope, and on the first read day of a month for every model that is not absent. It keeps the
all-time counter of that previous read day beside its own. The rows of a day
and raw.read_days together say exactly what was read, so a later day never needs its file again:
when a day is loaded before one that is there already, that next day is expanded from its rows
and derived anew against its new neighbour. The order of loading therefore never matters.

Metadata is kept on change: a row where the content hash differs from the model's previous
metadata row of the scope.

All functions work on a connection inside an open transaction. Tables of records have the columns
page, name_key, presence ('present' or 'unknown'), downloads_30d, downloads_all_time, likes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from extract.csv_lines import quoted

# Scope of a complete read of the whole Hub. Other scopes are organisations, read completely, and
# ROWS, which implies nothing about models that have no row.
HUB = "hub"
ROWS = "rows"


@dataclass(frozen=True)
class Tables:
    """A source of Hub records: its name, and its tables `raw.<source>_readings` and `_metadata`."""

    source: str

    @property
    def readings(self) -> str:
        """The table of readings."""
        return f"raw.{self.source}_readings"

    @property
    def metadata(self) -> str:
        """The table of metadata."""
        return f"raw.{self.source}_metadata"


def is_complete(scope: str) -> bool:
    """Whether a read of the scope says that a model without a row is absent."""
    return scope != ROWS


@dataclass(frozen=True)
class ReadDay:
    """A day that was read completely, with the load that read it."""

    day: date
    load_id: int
    days_early: int


class ReadDays:
    """The read days of one scope, in order."""

    def __init__(self, days: list[ReadDay]) -> None:
        self._entries = {entry.day: entry for entry in days}
        self._days = sorted(self._entries)

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, tables: Tables, scope: str) -> ReadDays:
        """Read them from raw.read_days."""
        return cls.by_scope(con, tables).get(scope) or cls([])

    @classmethod
    def by_scope(cls, con: duckdb.DuckDBPyConnection, tables: Tables) -> dict[str, ReadDays]:
        """Those of every scope of a source."""
        days: dict[str, list[ReadDay]] = {}
        for scope, *row in con.execute(
            "select scope, day, load_id, days_early from raw.read_days where source = ?",
            [tables.source],
        ).fetchall():
            days.setdefault(scope, []).append(ReadDay(*row))
        return {scope: cls(entries) for scope, entries in days.items()}

    def with_days(self, entries: Iterable[ReadDay]) -> ReadDays:
        """The same days and these (replacing those of the same date)."""
        return ReadDays([*self._entries.values(), *entries])

    def without(self, day: date) -> ReadDays:
        """The same days less one."""
        return ReadDays([entry for entry in self._entries.values() if entry.day != day])

    def before(self, day: date) -> ReadDay | None:
        """The last read day before `day`."""
        index = bisect_left(self._days, day)
        return self._entries[self._days[index - 1]] if index else None

    def after(self, day: date) -> ReadDay | None:
        """The first read day after `day`."""
        index = bisect_right(self._days, day)
        return self._entries[self._days[index]] if index < len(self._days) else None

    @property
    def latest(self) -> date | None:
        """The last read day."""
        return self._days[-1] if self._days else None

    def first_of_month(self, day: date) -> date:
        """The first read day in the month of `day`; `day` itself when there is none before it."""
        first = self._days[bisect_left(self._days, day.replace(day=1)) :][:1]
        return min([*first, day])


@dataclass(frozen=True)
class Span:
    """The rows of a scope between two days, for a page of records."""

    page: int
    scope: str
    first: date
    last: date


def state_span(days: ReadDays, scope: str, day: date, page: int) -> Span:
    """The rows that say what was there on a read day of a complete scope.

    Every model that was present or unknown has a row on the first read day of the month, so only
    rows since then are looked at.
    """
    return Span(page, scope, days.first_of_month(day), day)


def expand(
    con: duckdb.DuckDBPyConnection, table: str, tables: Tables, spans: Sequence[Span]
) -> None:
    """Create temp.<table>: the last row of each model in each span, absent ones left out."""
    values = ", ".join(
        f"({span.page}, {quoted(span.scope)}, date '{span.first}', date '{span.last}')"
        for span in spans
    )
    bounds = (
        f"select * from (values {values}) as b (page, scope, first, last)"
        if spans
        else "select 0 as page, '' as scope, date '1000-01-01' as first, first as last where false"
    )
    con.execute(
        f"""
        create or replace temp table {table} as
        with bounds as ({bounds}),

        last_rows as (
            select
                b.page,
                r.name_key,
                -- a struct, because arg_max passes over nulls, and a null counter is a value
                arg_max(
                    {{
                        'presence': r.presence,
                        'downloads_30d': r.downloads_30d,
                        'downloads_all_time': r.downloads_all_time,
                        'likes': r.likes
                    }},
                    r.day
                ) as last,
            from {tables.readings} as r
            inner join bounds as b on b.scope = r.scope and r.day between b.first and b.last
            -- constants, which pass over the row groups of other months
            where r.day between $first and $last
            group by b.page, r.name_key
        )

        select
            page,
            name_key,
            last.presence as presence,
            last.downloads_30d as downloads_30d,
            last.downloads_all_time as downloads_all_time,
            last.likes as likes,
        from last_rows
        where last.presence <> 'absent'
        """,
        {
            "first": min((span.first for span in spans), default=date.min),
            "last": max((span.last for span in spans), default=date.min),
        },
    )


def sparse(records: str, prior: str, whole: Iterable[int]) -> str:
    """SQL for the sparse rows of pages, each a read day of a scope: page and the reading.

    A row of `prior` was there on the read day before the page that it names. Every record of the
    pages in `whole`, the first read days of their months, is written.
    """
    return f"""
        select
            coalesce(r.page, p.page) as page,
            coalesce(r.name_key, p.name_key) as name_key,
            coalesce(r.presence, 'absent') as presence,
            r.downloads_30d,
            r.downloads_all_time,
            r.likes,
            p.downloads_all_time as downloads_all_time_before,
        from temp.{records} as r
        full outer join temp.{prior} as p on p.name_key = r.name_key and p.page = r.page
        where
            r.page in ({", ".join(map(str, [0, *whole]))})
            or r.name_key is null
            or p.name_key is null
            or r.presence <> p.presence
            or r.downloads_30d is distinct from p.downloads_30d
            or r.downloads_all_time is distinct from p.downloads_all_time
            or r.likes is distinct from p.likes
    """


def write(
    con: duckdb.DuckDBPyConnection,
    tables: Tables,
    rows: str,
    page: int,
    scope: str,
    entry: ReadDay,
) -> None:
    """Write one page of a table of sparse rows as a read day of a scope."""
    con.execute(
        f"""
        insert into {tables.readings}
        select
            name_key,
            $day,
            $scope,
            presence,
            downloads_30d,
            downloads_all_time,
            likes,
            $days_early,
            $load_id,
            downloads_all_time_before,
        from temp.{rows}
        where page = $page
        order by name_key
        """,
        {
            "day": entry.day,
            "scope": scope,
            "days_early": entry.days_early,
            "load_id": entry.load_id,
            "page": page,
        },
    )


def correct_later_metadata(
    con: duckdb.DuckDBPyConnection, tables: Tables, scope: str, day: date, next_day: date | None
) -> list[int]:
    """Keep metadata on change when a day comes in before others of its scope, or is replaced.

    For each model of temp.new_records (which also have content_hash) or of temp.replaced_records,
    the next day on which it is present is the only one whose need of a row can change. That day's
    content is known: it is the model's latest metadata row up to it. A row is copied there or
    removed, as the hash now before it asks. temp.next_records is the scope's next read day
    expanded, `next_day` its day; None for ROWS. To be called before the replaced day's rows are
    deleted and the new ones written. Returns the load_ids of the days that changed.
    """
    con.execute(
        f"""
        create or replace temp table metadata_fixes as
        with affected as (
            select name_key from temp.new_records where presence = 'present'
            union
            select name_key from temp.replaced_records where presence = 'present'
        ),

        later as (
            select name_key, min(day) as day
            from (
                select name_key, day
                from {tables.readings}
                where presence = 'present' and scope = $scope and day > $day
                union all
                select name_key, cast($next_day as date)
                from temp.next_records
                where presence = 'present' and cast($next_day as date) is not null
            )
            where name_key in (select name_key from affected)
            group by name_key
        ),

        scoped as (
            select * from {tables.metadata} where scope = $scope
        ),

        known as (
            select l.name_key, l.day, m.day as stored_on, m.content_hash
            from later as l
            asof inner join scoped as m
                on m.name_key = l.name_key and l.day >= m.day
        ),

        earlier as (
            select name_key, arg_max(content_hash, day) as content_hash
            from scoped
            where day < $day
            group by name_key
        )

        select
            k.name_key,
            k.day,
            k.stored_on,
            k.content_hash is distinct from coalesce(r.content_hash, e.content_hash) as is_wanted,
        from known as k
        left join temp.new_records as r on r.name_key = k.name_key and r.presence = 'present'
        left join earlier as e on e.name_key = k.name_key
        where
            (k.stored_on = k.day)
            <> (k.content_hash is distinct from coalesce(r.content_hash, e.content_hash))
        """,
        {"day": day, "next_day": next_day, "scope": scope},
    )
    changed = [
        int(row[0])
        for row in con.execute(
            """
            select distinct d.load_id
            from temp.metadata_fixes as f
            inner join raw.read_days as d on d.source = ? and d.scope = ? and d.day = f.day
            """,
            [tables.source, scope],
        ).fetchall()
    ]
    if changed:
        con.execute(
            f"""
            insert into {tables.metadata}
            select m.* replace (f.day as day, d.load_id as load_id)
            from temp.metadata_fixes as f
            inner join {tables.metadata} as m
                on m.name_key = f.name_key and m.day = f.stored_on and m.scope = $scope
            inner join raw.read_days as d
                on d.source = $source and d.scope = $scope and d.day = f.day
            where f.is_wanted
            """,
            {"source": tables.source, "scope": scope},
        )
        con.execute(
            f"""
            delete from {tables.metadata} as m
            using temp.metadata_fixes as f
            where
                m.name_key = f.name_key and m.day = f.day and m.scope = $scope and not f.is_wanted
            """,
            {"scope": scope},
        )
    return changed


def recount(con: duckdb.DuckDBPyConnection, tables: Tables, load_id: int) -> None:
    """Set the ledger's counts of a load whose rows were derived anew.

    A record counts as stored when a reading or a metadata row stands for it.
    """
    con.execute(
        f"""
        update raw.loads
        set
            rows_stored = c.stored,
            rows_unchanged = rows_read - rows_rejected - c.stored,
            rows_absent = c.absent
        from (
            select
                (
                    select count(*)
                    from (
                        select name_key
                        from {tables.readings}
                        where load_id = $load_id and presence = 'present'
                        union
                        select name_key
                        from {tables.metadata}
                        where load_id = $load_id
                    )
                ) as stored,
                (
                    select count(*)
                    from {tables.readings}
                    where load_id = $load_id and presence = 'absent'
                ) as absent
        ) as c
        where load_id = $load_id
        """,
        {"load_id": load_id},
    )
