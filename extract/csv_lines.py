"""CSV read line by line in SQL, so that one bad row never costs its neighbours.

DuckDB's CSV reader takes an unclosed quote as the start of a long value and swallows the lines
after it, of which it keeps 10,000 characters. Here a line is a record: lines are read as one
column, split by SQL, and a line that cannot be split is a reject with itself as payload. A value
that spans lines is therefore rejected; no source of ours has one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract.errors import ContractError
from extract.landing import UNREADABLE, LandedFile, open_bytes
from extract.warehouse import Load

# Four control characters that no text file holds: the whole line is one column.
NO_DELIMITER = "\x01\x02\x03\x04"

# Comment and blank lines before the header that are looked through.
MAX_LINES_BEFORE_HEADER = 100


@dataclass(frozen=True)
class Header:
    """A CSV file's columns (trimmed), and how many lines come before its first record."""

    columns: tuple[str, ...]
    lines: int

    def value(self, column: str) -> str:
        """SQL for a column's trimmed text in temp.csv_rows; null where empty or no such column."""
        if column not in self.columns:
            return "cast(null as varchar)"
        return f"nullif(trim(fields[{self.columns.index(column) + 1}]), '')"


def require_whole(file: LandedFile, label: str) -> None:
    """Raise ContractError for a .gz whose lines could not be counted to its end when it landed.

    DuckDB would read it: it does not compare what it decompresses with gzip's checksum.
    """
    if file.rows is None and file.name.endswith(".gz"):
        raise ContractError(f"{label}: {file.name} is damaged, or no gzip file: copy it again")


def read_header(path: Path, label: str, required: Iterable[str]) -> Header:
    """The first line that is neither blank nor a `#` comment.

    `label` names the file in messages. Raises ContractError when the file cannot be read, has no
    header, a column twice, or lacks a required one.
    """
    line, number = "", 0
    try:
        with open_bytes(path) as stream:
            while number < MAX_LINES_BEFORE_HEADER:
                line = stream.readline().decode("utf-8-sig")
                number += 1
                if not line or (line.strip() and not line.startswith("#")):
                    break
                line = ""
        names = tuple(name.strip() for row in csv.reader([line]) for name in row)
    except (*UNREADABLE, UnicodeDecodeError, csv.Error):
        raise ContractError(f"{label} cannot be read as CSV: save it as UTF-8 text") from None
    if not line:
        raise ContractError(f"{label} has no header and no rows: nothing was loaded")
    missing = [column for column in required if column not in names]
    if missing:
        raise ContractError(
            f"{label} has no column {', '.join(missing)}; its header is "
            f"{_shown(','.join(names))} (comma-separated, names as documented)"
        )
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ContractError(f"{label} has the column {_shown(doubles[0])} twice")
    return Header(names, number)


def stage_lines(con: duckdb.DuckDBPyConnection, path: Path, label: str, header: Header) -> None:
    """Create temp.csv_rows: row_number (1-based), line, fields (varchar[]), problem (or null).

    Raises ContractError when the file cannot be decompressed or decoded.
    """
    scan = f"""
        read_csv(
            $path, auto_detect = false, columns = {{'line': 'VARCHAR'}}, header = false,
            delim = '{NO_DELIMITER}', quote = '', escape = '', skip = {header.lines},
            strict_mode = false, store_rejects = true,
            rejects_table = 'csv_rejects', rejects_scan = 'csv_scans'
        )
    """
    # DuckDB adds to these tables, and a scan without rejects adds nothing: those of the file before
    # would be taken for this one's.
    con.execute("drop table if exists csv_rejects; drop table if exists csv_scans")
    try:
        con.execute(
            f"create or replace temp table csv_lines as "
            f"select row_number() over () as row_number, rtrim(line, chr(13)) as line from {scan}",
            {"path": str(path)},
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise ContractError(f"{label} cannot be read as CSV ({type(error).__name__})") from None
    con.execute(
        f"""
        create or replace temp table csv_rows as
        with unread as (  -- lines that are no UTF-8 text or too long; the reader numbers all lines
            select distinct
                greatest(line - {header.lines}, 1) as row_number,
                trim(csv_line, chr(10) || chr(13)) as line,
                'the line is unreadable: ' || lower(cast(error_type as varchar)) as problem
            from csv_rejects
        ),

        numbered as (
            select
                l.row_number + (
                    select count(*)
                    from (
                        select row_number - row_number() over (order by row_number) as before
                        from unread
                    ) as u
                    where u.before < l.row_number
                ) as row_number,
                l.line,
            from csv_lines as l
        ),

        split as (
            select
                row_number,
                line,
                case
                    when not contains(line, '"') then string_split(line, ',')
                    when array_to_string(
                        regexp_extract_all(line || ',', '("(?:[^"]|"")*"|[^",]*),', 0), ''
                    ) = line || ','
                        then list_transform(
                            regexp_extract_all(line || ',', '("(?:[^"]|"")*"|[^",]*),', 1),
                            lambda f: case
                                when starts_with(f, '"')
                                    then replace(f[2:len(f) - 1], '""', '"')
                                else f
                            end
                        )
                end as fields,
            from numbered
            where trim(coalesce(line, '')) <> ''
        )

        select
            row_number,
            line,
            fields,
            case
                when fields is null then 'quotes are not closed'
                when len(fields) <> {len(header.columns)}
                    then 'the row has ' || len(fields) || ' fields instead of '
                        || '{len(header.columns)}'
            end as problem,
        from split
        union all
        select row_number, line, cast(null as varchar[]), problem
        from unread
        """
    )


def payload(header: Header) -> str:
    """SQL for a row of temp.csv_rows as JSON text: its columns, or the line where it has none."""
    pairs = ", ".join(
        f"{quoted(column)}, fields[{index}]" for index, column in enumerate(header.columns, 1)
    )
    return (
        "case when problem is null then cast(json_object("
        + pairs
        + ") as varchar) else cast(json_object('line', line) as varchar) end"
    )


def store_rejects(load: Load, page: str) -> None:
    """Write the rejected rows of temp.staged (row_number, reason, payload) to raw.rejects."""
    load.con.execute(
        """
        insert into raw.rejects
        select $load_id, $source, $partition, $page, row_number, reason, payload, $now
        from temp.staged
        where reason is not null
        order by row_number
        """,
        {
            "load_id": load.load_id,
            "source": load.source,
            "partition": load.partition,
            "page": page,
            "now": load.started_at,
        },
    )


def unknown_columns(header: Header, known: Iterable[str]) -> Mapping[str, str]:
    """Columns that the loader does not know, with their type."""
    names = set(known)
    return {column: "VARCHAR" for column in header.columns if column and column not in names}


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _shown(text: str) -> str:
    return "'" + re.sub(r"[^\x20-\x7e]", "?", text)[:120] + "'"
