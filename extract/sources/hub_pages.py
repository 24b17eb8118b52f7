"""Pages of models as the Hub's API gives them: what is asked for, and how landed pages are read.

A page is a JSON array of records. Records are read one by one whatever stands in their fields: what
cannot be read is rejected with its payload, and the rest loads.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract.csv_lines import quoted
from extract.errors import ContractError
from extract.http import MAX_REPLY_BYTES, Params
from extract.landing import UNREADABLE, Manifest
from extract.readings import Tables
from extract.sources.hub_snapshots import Records
from extract.sources.hub_stats_columns import KNOWN_COLUMNS, projection

# Asked for by name: with `expand` only these come back, beside _id and id. The card's text is not
# asked for; its licence and its bases are in the tags.
EXPAND = (
    "author",
    "createdAt",
    "lastModified",
    "downloads",
    "downloadsAllTime",
    "likes",
    "trendingScore",
    "tags",
    "pipeline_tag",
    "library_name",
    "safetensors",
    "gguf",
    "baseModels",
    "gated",
    "disabled",
)

# What else the API's records have had; further keys are reported once.
KNOWN_KEYS = {*KNOWN_COLUMNS, *EXPAND, "modelId", "private", "sha"}

# The most that the API gives at once.
PAGE_SIZE = 1000

# So many unknown keys of a partition are reported; more is no change of format but nonsense.
MAX_UNKNOWN_KEYS = 50

# Longer than any _id of the Hub (24 characters).
MAX_OID_LENGTH = 64

# Pages are first read up to this size, in bytes: DuckDB sets memory of such a size aside for each,
# and takes longer where that is MAX_REPLY_BYTES, the largest page there can be.
USUAL_PAGE_BYTES = 16 * 2**20

# A record's row_number is its page's place times this, and its own place on the page: no page has
# so many.
PAGE_ROWS = 2**32

# The fields in use, as json_transform takes them out of a page: it is parsed once for all of them,
# and no record or field costs another. What is of another type than asked for is null, but VARCHAR
# takes anything as text, and JSON keeps it as it is, so that a number in quotes is not one.
TEXT_FIELDS = ("_id", "id", "pipeline_tag", "library_name")
FIELDS = {
    **dict.fromkeys(TEXT_FIELDS, "JSON"),
    **dict.fromkeys(("downloads", "downloadsAllTime", "likes"), "JSON"),
    # Also where it is a number: it is there, and unreadable.
    "createdAt": "VARCHAR",
    "tags": ["VARCHAR"],
    "safetensors": {"parameters": "JSON", "total": "VARCHAR"},
    "gguf": {"total": "VARCHAR"},
    "baseModels": {"relation": "VARCHAR", "models": [{"_id": "VARCHAR", "id": "VARCHAR"}]},
}


def listing_params(*filters: tuple[str, str]) -> Params:
    """The query of a listing of models, newest first. `filters` narrow it, e.g. to an author."""
    return [
        *filters,
        ("sort", "createdAt"),
        ("limit", str(PAGE_SIZE)),
        *(("expand", name) for name in EXPAND),
    ]


def page_problem(body: bytes) -> str | None:
    """What is wrong with a page as a whole; None for an array, whatever its records are."""
    return None if count_records(body) is not None else "the reply is no list of models"


@functools.lru_cache(maxsize=1)  # a page is counted when it has come, and when it lands
def count_records(body: bytes) -> int | None:
    """Records on a page; None when it is no JSON array."""
    if len(body) > MAX_REPLY_BYTES:
        return None
    text = body.decode("utf-8", errors="replace")
    try:
        with duckdb.connect() as con:
            kind, length = con.execute(
                "select json_type($text), json_array_length($text)", {"text": text}
            ).fetchall()[0]
        return int(length) if kind == "ARRAY" else None
    except (duckdb.Error, UnicodeDecodeError):
        # One record that DuckDB cannot read must not cost its neighbours. Its message quotes the
        # text, and may end within a character.
        records = split_array(text)
        return None if records is None else len(records)


# A string, or a sign of its own; in time linear in the text's length, whatever stands there.
TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
SPACE = " \t\r\n"


def split_array(text: str) -> list[str] | None:
    """The texts of a JSON array's elements, which need not be readable; None where it is none.

    Looks at strings, brackets and commas only.
    """
    stripped = text.strip(SPACE)
    if not stripped.startswith("["):
        return None
    closing: list[str] = []
    elements: list[str] = []
    start = 1
    for token in TOKEN.finditer(stripped):
        symbol = token[0]
        if symbol in "[{":
            closing.append("]" if symbol == "[" else "}")
        elif symbol == '"':  # a string without an end
            return None
        elif symbol in "]}":
            if closing.pop() != symbol:
                return None
            if not closing:
                elements.append(stripped[start : token.start()].strip(SPACE))
                if elements[-1] == "":  # an empty array, or a comma at its end, as DuckDB has it
                    elements.pop()
                return elements if token.end() == len(stripped) else None
        elif symbol == "," and len(closing) == 1:
            elements.append(stripped[start : token.start()].strip(SPACE))
            start = token.end()
    return None


@dataclass(frozen=True)
class Reader:
    """Reads landed pages of a source. `source` is its name, and that of its tables."""

    source: str

    @property
    def tables(self) -> Tables:
        """The source and its tables."""
        return Tables(self.source)

    def alike(self, _: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> list[Manifest]:
        """All of them: a record is read for itself."""
        return list(manifests)

    def records(self, con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest]) -> Records:
        """Their records, each model once: of several records of an _id the last page's counts.

        Raises ContractError for a page that is no array.
        """
        pages = [
            Page(number, place, file.name, manifest.path_of(file))
            for number, manifest in enumerate(manifests, 1)
            for place, file in enumerate(manifest.files, 1)
        ]
        broken = _create_records(con, pages)
        for page in broken:
            texts = page.texts()
            if texts is None:
                label = f"{self.source} {manifests[page.file - 1].partition}"
                raise ContractError(f"{label}: {page.name} is no list: fetch it again")
            records = _records(con, _documents_of_texts(page), [page])
            con.execute(f"insert into temp.hub_records {records}", {"texts": texts})
        repeats = _drop_repeats(con)
        return Records(
            "select * exclude (unknown_keys) replace (nullif(hub_oid, '') as hub_oid) "
            "from temp.hub_records",
            _unknown_keys(con),
            lambda file: _payloads(con, [page for page in pages if page.file == file], broken),
            repeats,
            is_table=True,
        )


@dataclass(frozen=True)
class Page:
    """A landed page: the page `place` of the partition `file`, both counted from 1."""

    file: int
    place: int
    name: str
    path: Path

    @property
    def rows_before(self) -> int:
        """What is added to a record's place on the page for its row_number."""
        return self.place * PAGE_ROWS

    def texts(self) -> list[str] | None:
        """The texts of its records, which need not be JSON; None where it is no array."""
        try:
            text = gzip.decompress(self.path.read_bytes()).decode("utf-8", errors="replace")
        except UNREADABLE:
            return None
        return split_array(text)


NO_PAGE = Page(0, 0, "", Path())


def _create_records(con: duckdb.DuckDBPyConnection, pages: Sequence[Page]) -> list[Page]:
    """Create temp.hub_records from pages; returns those that cannot be read as a whole."""
    con.execute(f"create or replace temp table hub_records as {_records(con, NOTHING, [NO_PAGE])}")
    broken = []
    waiting = [list(pages)] if pages else []
    while waiting:
        some = waiting.pop()
        size = USUAL_PAGE_BYTES if len(some) > 1 else MAX_REPLY_BYTES
        records = _records(con, _documents(some, size), some)
        try:
            con.execute(f"insert into temp.hub_records {records}")
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            # By halves: a single one that is broken among thousands is soon found.
            half = len(some) // 2
            waiting += [some[half:], some[:half]] if half else []
            broken += [] if half else some
    return broken


def _documents(pages: Sequence[Page], size: int) -> str:
    """SQL for pages of up to `size` bytes: path, json (the array), rows_before (0), text (null)."""
    return f"""
        select filename as path, json, 0 as rows_before, cast(null as varchar) as text
        from read_json_objects(
            [{", ".join(quoted(str(page.path)) for page in pages)}],
            format = 'unstructured',
            filename = true,
            maximum_object_size = {size}
        )
    """


def _documents_of_texts(page: Page) -> str:
    """The same of a broken page, each record of the parameter $texts as a document of its own."""
    return f"""
        select
            {quoted(str(page.path))} as path,
            cast(case when json_valid(text) then '[' || text || ']' else '[null]' end as json)
                as json,
            row_number() over () - 1 as rows_before,
            text,
        from (select unnest(cast($texts as varchar[])) as text)
    """


# The documents of no page.
NOTHING = """
    select '' as path, cast('[]' as json) as json, 0 as rows_before, cast(null as varchar) as text
    where false
"""


def _places(pages: Sequence[Page]) -> str:
    """SQL for what is known of pages: path, name, file, rows_before."""
    rows = ", ".join(
        f"({quoted(str(page.path))}, {quoted(page.name)}, {page.file}, {page.rows_before})"
        for page in pages
    )
    return f"select * from (values {rows}) as p (path, name, file, rows_before)"


def _records(con: duckdb.DuckDBPyConnection, documents: str, pages: Sequence[Page]) -> str:
    """SQL for the rows of temp.hub_records: Records.sql's columns, and unknown_keys."""
    description = con.execute(f"select * from ({_fields(NOTHING)})").description or []
    columns = {str(entry[0]): entry[1] for entry in description if entry[0] in FIELDS}
    known = ", ".join(quoted(key) for key in sorted(KNOWN_KEYS))
    return f"""
        -- an _id of '' repeats, too
        select * exclude ("_id") replace ("_id" as hub_oid)
        from (
            select
                file,
                p.rows_before + r.place as row_number,
                "_id",
                {_problem()} as problem,
                {projection(columns)}
                list_filter(keys, lambda key: not list_contains([{known}], key)) as unknown_keys,
            from ({_fields(documents)}) as r
            -- after they are taken apart: a join copies what it passes on, else whole pages
            inner join ({_places(pages)}) as p on p.path = r.path
        )
    """


def _fields(documents: str) -> str:
    """SQL for the records of documents: place, keys, kind where it is in doubt, and each field."""
    values = {name: f"field[{quoted(name)}]" for name in FIELDS}
    fields = [
        f'{_text(value) if name in TEXT_FIELDS else value} as "{name}"'
        for name, value in values.items()
    ]
    return f"""
        select path, text, rows_before + index as place, keys, kind, {", ".join(fields)}
        from (
            select
                path,
                text,
                rows_before,
                unnest(range(1, len(keys) + 1)) as index,
                unnest(keys) as keys,
                unnest(kinds) as kind,
                unnest(fields) as field,
            from (
                select
                    * exclude (json),
                    json_keys(json, '$[*]') as keys,
                    json_transform(json, {quoted(json.dumps([FIELDS]))}) as fields,
                    -- what has keys is an object: one more look at a page where a record has none
                    case
                        when list_contains(list_transform(keys, lambda names: len(names)), 0)
                            then json_type(json, '$[*]')
                    end as kinds,
                from ({documents})
            )
        )
    """


def _text(value: str) -> str:
    """SQL for a JSON value's text; null where it is of another type."""
    return f"case when json_type({value}) = 'VARCHAR' then json_extract_string({value}, '$') end"


def _problem() -> str:
    return f"""
        case
            when text is not null and not json_valid(text) then 'the record is no JSON'
            when kind <> 'OBJECT' then 'the record is no object'
            when coalesce("_id", '') = '' then '_id is missing'
            when length("_id") > {MAX_OID_LENGTH} then '_id is longer than {MAX_OID_LENGTH}'
            when not regexp_full_match("_id", '[A-Za-z0-9_-]+') then '_id is unreadable'
            when "downloads" is null and "downloadsAllTime" is null then 'the record has no counter'
        end
    """


def _drop_repeats(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Leave each _id's last record: pages move while they are read. Returns how many went."""
    rows = con.execute(
        """
        with repeats as (
            select file, hub_oid, max(row_number) as last_row
            from temp.hub_records
            where hub_oid is not null
            group by file, hub_oid
            having count(*) > 1
        )

        delete from temp.hub_records as i
        using repeats as r
        where i.file = r.file and i.hub_oid = r.hub_oid and i.row_number < r.last_row
        returning i.file
        """
    ).fetchall()
    counts: dict[int, int] = {}
    for (file,) in rows:
        counts[file] = counts.get(file, 0) + 1
    return counts


def _unknown_keys(con: duckdb.DuckDBPyConnection) -> dict[int, dict[str, str]]:
    rows = con.execute(
        """
        select distinct file, unnest(unknown_keys)
        from temp.hub_records
        where len(unknown_keys) > 0
        """
    ).fetchall()
    unknown: dict[int, dict[str, str]] = {}
    for file, key in sorted(rows):
        names = unknown.setdefault(file, {})
        if len(names) < MAX_UNKNOWN_KEYS:
            names[_shown(key)] = "JSON"
    return unknown


def _shown(key: str) -> str:
    """A key as one short printable word."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in key[:100])
    return shown or "(empty)"


def _payloads(con: duckdb.DuckDBPyConnection, pages: Sequence[Page], broken: Sequence[Page]) -> str:
    """SQL for the rejected records of a partition, whose pages are read again for them."""
    rejected = f"""
        select row_number
        from temp.staged
        where reason is not null and file = {pages[0].file}
    """
    places = {row // PAGE_ROWS for (row,) in con.execute(rejected).fetchall()}
    pages = [page for page in pages if page.place in places]
    whole = [page for page in pages if page not in broken]
    con.execute(
        """
        create or replace temp table hub_rejects (
            page varchar, file_row bigint, row_number bigint, payload varchar
        )
        """
    )
    for documents, texts in [
        *([(_documents(whole, MAX_REPLY_BYTES), None)] if whole else []),
        *((_documents_of_texts(page), page.texts()) for page in pages if page in broken),
    ]:
        con.execute(
            f"""
            insert into temp.hub_rejects
            select
                p.name,
                i.place,
                p.rows_before + i.place as row_number,
                coalesce(i.text, cast(i.item as varchar)),
            from (
                select
                    path,
                    text,
                    rows_before + unnest(range(1, len(items) + 1)) as place,
                    unnest(items) as item,
                from (select *, json_extract(json, '$[*]') as items from ({documents}))
            ) as i
            inner join ({_places(pages)}) as p on p.path = i.path
            where p.rows_before + i.place in ({rejected})
            """,
            {"texts": texts} if texts else None,
        )
    return "select * from temp.hub_rejects"
