"""Pages of models as the Hub's API gives them: what is asked for, and how landed pages are read.

A page is a JSON array of records. Records are read one by one whatever stands in their fields: what
cannot be read is rejected with its payload, and the rest loads.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract.csv_lines import quoted
from extract.errors import ContractError
from extract.http import Params
from extract.landing import Manifest
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

# The largest page that is read, in bytes; a real one has one to three megabytes.
MAX_PAGE_BYTES = 1024 * 2**20

# Longer than any _id of the Hub (24 characters).
MAX_OID_LENGTH = 64

TEXT_FIELDS = ("_id", "id", "pipeline_tag", "library_name")
JSON_FIELDS = (
    "downloads",
    "downloadsAllTime",
    "likes",
    "tags",
    "safetensors",
    "gguf",
    "baseModels",
)


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
    if len(body) > MAX_PAGE_BYTES:
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
        _create_items(con, self.source, manifests)
        repeats = _drop_repeats(con)
        typed = _fields()
        description = con.execute(f"select * from ({typed}) limit 0").description or []
        columns = {str(entry[0]): entry[1] for entry in description[3:]}
        return Records(
            f"select file, row_number, {_problem()} as problem, {projection(columns)} "
            f"from ({typed})",
            _unknown_keys(con),
            _payloads,
            repeats,
        )


def _create_items(
    con: duckdb.DuckDBPyConnection, source: str, manifests: Sequence[Manifest]
) -> None:
    """Create temp.hub_items: file, page, file_row, row_number, and the record or its bad text."""
    con.execute(
        """
        create or replace temp table hub_items (
            file integer, page_number integer, page varchar, file_row bigint, row_number bigint,
            item json, bad_text varchar
        )
        """
    )
    pages = [
        (number, place, file.name, manifest.path_of(file))
        for number, manifest in enumerate(manifests, 1)
        for place, file in enumerate(manifest.files, 1)
    ]
    try:
        _insert_pages(con, pages)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        for page in pages:
            try:
                _insert_pages(con, [page])
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error:
                _insert_bad_page(con, source, manifests[page[0] - 1], page)
    con.execute(
        """
        update temp.hub_items as i
        set row_number = p.rows_before + i.file_row
        from (
            select
                file,
                page_number,
                sum(max(file_row)) over (partition by file order by page_number) - max(file_row)
                    as rows_before
            from temp.hub_items
            group by file, page_number
        ) as p
        where i.file = p.file and i.page_number = p.page_number
        """
    )


def _insert_pages(
    con: duckdb.DuckDBPyConnection, pages: Sequence[tuple[int, int, str, Path]]
) -> None:
    if not pages:
        return
    named = ", ".join(
        f"({file}, {place}, {quoted(name)}, {quoted(str(path))})"
        for file, place, name, path in pages
    )
    paths = ", ".join(quoted(str(path)) for *_, path in pages)
    con.execute(
        f"""
        insert into temp.hub_items
        with pages as (
            select * from (values {named}) as p (file, page_number, page, path)
        ),

        documents as (
            select filename, json_extract(json, '$[*]') as items
            from read_json_objects(
                [{paths}],
                format = 'unstructured',
                filename = true,
                maximum_object_size = {MAX_PAGE_BYTES}
            )
        )

        select
            p.file,
            p.page_number,
            p.page,
            unnest(range(1, len(d.items) + 1)),
            0,
            unnest(d.items),
            null,
        from documents as d
        inner join pages as p on p.path = d.filename
        """
    )


def _insert_bad_page(
    con: duckdb.DuckDBPyConnection,
    source: str,
    manifest: Manifest,
    page: tuple[int, int, str, Path],
) -> None:
    """Insert a page's records one by one, those that are no JSON as text."""
    file, place, name, path = page
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8", errors="replace")
    except (OSError, EOFError):
        text = ""
    records = split_array(text)
    if records is None:
        raise ContractError(f"{source} {manifest.partition}: {name} is no list: fetch it again")
    con.execute(
        """
        insert into temp.hub_items
        select
            $file,
            $place,
            $name,
            row_number() over (),
            0,
            case when json_valid(text) then cast(text as json) end,
            case when not json_valid(text) then text end,
        from (select unnest(cast($records as varchar[])) as text)
        """,
        {"file": file, "place": place, "name": name, "records": records},
    )


def _drop_repeats(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Leave each _id's last record: pages move while they are read. Returns how many went."""
    rows = con.execute(
        f"""
        with ids as (
            select file, row_number, {_text("json_extract(item, '$._id')")} as hub_oid
            from temp.hub_items
        ),

        repeats as (
            select file, row_number
            from ids
            where hub_oid is not null
            qualify row_number() over (partition by file, hub_oid order by row_number desc) > 1
        )

        delete from temp.hub_items as i
        using repeats as r
        where i.file = r.file and i.row_number = r.row_number
        returning i.file
        """
    ).fetchall()
    counts: dict[int, int] = {}
    for (file,) in rows:
        counts[file] = counts.get(file, 0) + 1
    return counts


def _text(value: str) -> str:
    """SQL for a JSON value's text; null where it is of another type."""
    return f"case when json_type({value}) = 'VARCHAR' then json_extract_string({value}, '$') end"


def _fields() -> str:
    """SQL for the records' fields: file, row_number, item, and each field by its name.

    All are taken out of a record at once: it would be parsed anew for each.
    """
    names = [*TEXT_FIELDS, *JSON_FIELDS, "createdAt"]
    paths = ", ".join(quoted(f"$.{name}") for name in names)
    value = {name: f"field[{place}]" for place, name in enumerate(names, 1)}
    fields = [f'{_text(value[name])} as "{name}"' for name in TEXT_FIELDS]
    fields += [
        f"case when json_type({value[name]}) <> 'NULL' then {value[name]} end as \"{name}\""
        for name in JSON_FIELDS
    ]
    # As text, also where it is a number: it is there, and unreadable.
    fields.append(f"json_extract_string({value['createdAt']}, '$') as \"createdAt\"")
    return f"""
        select file, row_number, item, {", ".join(fields)}
        from (select *, json_extract(item, [{paths}]) as field from temp.hub_items)
    """


def _problem() -> str:
    return f"""
        case
            when item is null then 'the record is no JSON'
            when json_type(item) <> 'OBJECT' then 'the record is no object'
            when coalesce("_id", '') = '' then '_id is missing'
            when length("_id") > {MAX_OID_LENGTH} then '_id is longer than {MAX_OID_LENGTH}'
            when not regexp_full_match("_id", '[A-Za-z0-9_-]+') then '_id is unreadable'
            when "downloads" is null and "downloadsAllTime" is null then 'the record has no counter'
        end
    """


def _unknown_keys(con: duckdb.DuckDBPyConnection) -> dict[int, dict[str, str]]:
    rows = con.execute(
        """
        select distinct file, unnest(json_keys(item))
        from temp.hub_items
        where json_type(item) = 'OBJECT'
        """
    ).fetchall()
    unknown: dict[int, dict[str, str]] = {}
    for file, key in sorted(rows):
        names = unknown.setdefault(file, {})
        if key not in KNOWN_KEYS and len(names) < MAX_UNKNOWN_KEYS:
            names[_shown(key)] = "JSON"
    return unknown


def _shown(key: str) -> str:
    """A key as one short printable word."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in key[:100])
    return shown or "(empty)"


def _payloads(file: int) -> str:
    return f"""
        select page, file_row, row_number, coalesce(bad_text, cast(item as varchar)) as payload
        from temp.hub_items
        where file = {file}
    """
