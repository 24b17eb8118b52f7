"""Sparse readings of dated Hub snapshots (docs/method.md, Readings).

A row is written where a counter, likes or presence differs from the previous read day of the
scope, and on the first read day of a month for every model that is not absent. The rows of a day
and raw.read_days together say exactly what was read, so a later day never needs its file again:
when a day is loaded before one that is there already, that next day is expanded from its rows
and derived anew against its new neighbour. The order of loading therefore never matters.

Metadata is kept on change: a row where the content hash differs from the model's previous
metadata row by day, whatever the scope.

All functions work on a connection inside an open transaction. Tables of one day's records have
the columns name_key, presence ('present' or 'unknown'), downloads_30d, downloads_all_time, likes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

# Scope of a complete read of the whole Hub; any other scope implies nothing about other models.
HUB = "hub"

SOURCE = "hub_stats"


@dataclass(frozen=True)
class ReadDay:
    """A day that was read completely, with the load that read it."""

    day: date
    load_id: int
    days_early: int


class ReadDays:
    """The complete read days of the Hub, in order."""

    def __init__(self, days: list[ReadDay]) -> None:
        self._entries = {entry.day: entry for entry in days}
        self._days = sorted(self._entries)

    @classmethod
    def of_hub(cls, con: duckdb.DuckDBPyConnection) -> ReadDays:
        """Read them from raw.read_days."""
        rows = con.execute(
            "select day, load_id, days_early from raw.read_days where source = ? and scope = ?",
            [SOURCE, HUB],
        ).fetchall()
        return cls([ReadDay(*row) for row in rows])

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

    def first_of_month(self, day: date) -> date:
        """The first read day in the month of `day`; `day` itself when there is none before it."""
        first = self._days[bisect_left(self._days, day.replace(day=1)) :][:1]
        return min([*first, day])


def create_state(
    con: duckdb.DuckDBPyConnection, table: str, days: ReadDays, day: date | None, page: int = 0
) -> None:
    """Create temp.<table>: every model that was present or unknown on a read day of the Hub.

    Every such model has a row on the first read day of the month, so only rows since then are
    looked at. `day` None (there is no such read day) gives an empty table.
    """
    expand(con, table, HUB, days.first_of_month(day) if day else date.min, day or date.min, page)


def expand(
    con: duckdb.DuckDBPyConnection,
    table: str,
    scope: str,
    first: date,
    last: date,
    page: int = 0,
) -> None:
    """Create temp.<table>: the last row of each model between two days, absent ones left out."""
    con.execute(
        f"""
        create or replace temp table {table} as
        with last_rows as (
            select
                name_key,
                -- a struct, because arg_max passes over nulls, and a null counter is a value
                arg_max(
                    {{
                        'presence': presence,
                        'downloads_30d': downloads_30d,
                        'downloads_all_time': downloads_all_time,
                        'likes': likes
                    }},
                    day
                ) as last,
            from raw.hub_stats_readings
            where scope = $scope and day between $first and $last
            group by name_key
        )

        select
            {page} as page,
            name_key,
            last.presence as presence,
            last.downloads_30d as downloads_30d,
            last.downloads_all_time as downloads_all_time,
            last.likes as likes,
        from last_rows
        where last.presence <> 'absent'
        """,
        {"scope": scope, "first": first, "last": last},
    )


def sparse(records: str, prior: str, months: Iterable[int]) -> str:
    """SQL for the sparse rows of consecutive read days of the Hub: page and the reading.

    `records` and `prior` are tables with a column `page`, the read day's place in a row of
    consecutive ones: a record of page n is compared with the prior one of page n - 1. Every
    record of the pages in `months`, the first read days of their months, is written.
    """
    return f"""
        select
            coalesce(r.page, p.page + 1) as page,
            coalesce(r.name_key, p.name_key) as name_key,
            coalesce(r.presence, 'absent') as presence,
            r.downloads_30d,
            r.downloads_all_time,
            r.likes,
        from temp.{records} as r
        full outer join temp.{prior} as p
            on p.name_key = r.name_key and p.page + 1 = r.page
        where
            r.page in ({", ".join(map(str, [0, *months]))})
            or r.name_key is null
            or p.name_key is null
            or r.presence <> p.presence
            or r.downloads_30d is distinct from p.downloads_30d
            or r.downloads_all_time is distinct from p.downloads_all_time
            or r.likes is distinct from p.likes
    """


def write(con: duckdb.DuckDBPyConnection, rows: str, page: int, scope: str, entry: ReadDay) -> None:
    """Write one page of a table of sparse rows to raw.hub_stats_readings as a read day."""
    con.execute(
        f"""
        insert into raw.hub_stats_readings
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
    con: duckdb.DuckDBPyConnection,
    records: str,
    replaced: str,
    next_records: str,
    day: date,
    next_day: date | None,
) -> list[int]:
    """Keep metadata on change when a day comes in before others, or is replaced.

    For each model of the day's new `records` (which also have content_hash) or of the `replaced`
    ones, the next day on which it is present is the only one whose need of a row can change. That
    day's content is known: it is the model's latest metadata row up to it. A row is copied there
    or removed, as the hash now before it asks. `next_records` is the Hub's next read day expanded,
    `next_day` its day. To be called before the replaced day's rows are deleted and the new ones
    written. Returns the load_ids of the days that changed.
    """
    con.execute(
        f"""
        create or replace temp table metadata_fixes as
        with affected as (
            select name_key from temp.{records} where presence = 'present'
            union
            select name_key from temp.{replaced} where presence = 'present'
        ),

        later as (
            select name_key, min(day) as day
            from (
                select name_key, day
                from raw.hub_stats_readings
                where presence = 'present' and day > $day
                union all
                select name_key, cast($next_day as date)
                from temp.{next_records}
                where presence = 'present' and cast($next_day as date) is not null
            )
            where name_key in (select name_key from affected)
            group by name_key
        ),

        known as (
            select l.name_key, l.day, m.day as stored_on, m.content_hash
            from later as l
            asof inner join raw.hub_stats_metadata as m
                on m.name_key = l.name_key and l.day >= m.day
        ),

        earlier as (
            select name_key, arg_max(content_hash, day) as content_hash
            from raw.hub_stats_metadata
            where day < $day
            group by name_key
        )

        select
            k.name_key,
            k.day,
            k.stored_on,
            k.content_hash is distinct from coalesce(r.content_hash, e.content_hash) as is_wanted,
        from known as k
        left join temp.{records} as r on r.name_key = k.name_key and r.presence = 'present'
        left join earlier as e on e.name_key = k.name_key
        where
            (k.stored_on = k.day)
            <> (k.content_hash is distinct from coalesce(r.content_hash, e.content_hash))
        """,
        {"day": day, "next_day": next_day},
    )
    changed = [
        int(row[0])
        for row in con.execute(
            """
            select distinct d.load_id
            from temp.metadata_fixes as f
            inner join raw.read_days as d on d.source = ? and d.day = f.day
            """,
            [SOURCE],
        ).fetchall()
    ]
    if changed:
        con.execute(
            """
            insert into raw.hub_stats_metadata
            select m.* replace (f.day as day, d.scope as scope, d.load_id as load_id)
            from temp.metadata_fixes as f
            inner join raw.hub_stats_metadata as m
                on m.name_key = f.name_key and m.day = f.stored_on
            inner join raw.read_days as d on d.source = ? and d.day = f.day
            where f.is_wanted
            """,
            [SOURCE],
        )
        con.execute(
            """
            delete from raw.hub_stats_metadata as m
            using temp.metadata_fixes as f
            where m.name_key = f.name_key and m.day = f.day and not f.is_wanted
            """
        )
    return changed


def recount(con: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Set the ledger's counts of a load whose rows were derived anew.

    A record counts as stored when a reading or a metadata row stands for it.
    """
    con.execute(
        """
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
                        from raw.hub_stats_readings
                        where load_id = $load_id and presence = 'present'
                        union
                        select name_key
                        from raw.hub_stats_metadata
                        where load_id = $load_id
                    )
                ) as stored,
                (
                    select count(*)
                    from raw.hub_stats_readings
                    where load_id = $load_id and presence = 'absent'
                ) as absent
        ) as c
        where load_id = $load_id
        """,
        {"load_id": load_id},
    )
