"""Records of JSON pages, each read by itself, so that one bad record never costs its neighbours.

DuckDB's JSON reader gives up a page for one lone surrogate or NaN, and Python's for one record
that is nested too deep. Here a page is cut into the texts of its records, and a record that cannot
be read is a reject with that text as its payload.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.errors import ContractError
from extract.landing import UNREADABLE, open_bytes
from extract.warehouse import Load, merge_unknown

# Strings, with a colon where they are keys, and what stands between values. An unclosed string
# ends with the text, so that a page of nothing but quotes is still read once only.
TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?(\s*:)?|[\[\]{},]', re.DOTALL)

TOO_DEEP = "it is nested too deep"

# Python's parser recurses, and how deep it can differs by version and caller. Real records have 4.
MAX_DEPTH = 100

# Numbers with more digits are unreadable in any case.
MAX_NUMBER_LENGTH = 100

# Unknown keys of a partition that are reported; more are no drift but nonsense.
MAX_UNKNOWN_KEYS = 50
MAX_KEY_LENGTH = 100


class Number(str):
    """A JSON number as it is written: not rounded, whatever its size."""

    __slots__ = ()


@dataclass(frozen=True)
class Fields:
    """What is taken from a record: keys of text, keys of whole numbers, and what else is known."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    known: Collection[str]


def split_page(body: bytes, path: tuple[str, ...]) -> tuple[Any, list[str]]:
    """A page without its records, parsed, and the text of each record.

    `path` are the keys to the array of records, () where the page is that array. Bytes that are no
    UTF-8 become lone surrogates, of which `stage` makes rejects. Raises ValueError, with the
    reason, for what is no such page.
    """
    text = body.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")
    target: list[str | None] = [None, *(f'"{key}"' for key in path)]
    opened: list[str | None] = []  # the key of each open bracket
    key: str | None = None
    records: list[str] = []
    rest: list[str] = []
    taken = 0  # how much of the text is in `rest` or `records`
    inside = False
    for token in TOKEN.finditer(text):
        symbol = token[0][0]
        if symbol == '"':
            key = token[0][: -len(token[1])] if token[1] else key
            continue
        if inside and len(opened) == len(target) and symbol in ",]":
            records.append(text[taken : token.start()].strip())
            taken, inside = token.end(), symbol == ","
            if not inside:
                records = [] if records == [""] else records
                rest.append("]")
        if symbol in "[{":
            opened.append(key)
            if symbol == "[" and not rest and opened == target:
                rest.append(text[: token.end()])
                taken, inside = token.end(), True
        elif symbol in "]}" and opened:
            opened.pop()
        key = None
    rest.append(text[taken:])
    envelope = parse("".join(rest))
    place = envelope
    for name in path:
        place = place.get(name) if isinstance(place, dict) else None
    if len(rest) == 1 or place != []:
        raise ValueError(f"it has no list {'.'.join(path)} or two of them")
    return envelope, records


def parse(text: str) -> Any:
    """JSON with its numbers as they are written. Raises ValueError for what is none."""
    if _is_too_deep(text):
        raise ValueError(TOO_DEEP)
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
    except ValueError:
        raise ValueError("it is no JSON") from None


def page_problem(body: bytes, path: tuple[str, ...]) -> str | None:
    """What is wrong with a page as a whole, so that it is to be asked for again."""
    try:
        _, records = split_page(body, path)
    except ValueError as error:
        return f"the reply cannot be read: {error}"
    for record in records:
        try:
            parse(record)
        except ValueError as error:
            if str(error) != TOO_DEEP:  # one such record is a reject
                return f"the reply cannot be read: {error}"
    return None


def read_body(path: Path, label: str) -> bytes:
    """A landed page. Raises ContractError when it cannot be decompressed."""
    try:
        with open_bytes(path) as stream:
            return stream.read()
    except UNREADABLE:
        raise ContractError(f"{label}: {path.name} cannot be read: fetch it again") from None


def stage(load: Load, path: tuple[str, ...], fields: Fields) -> None:
    """Create temp.json_rows: page, row_number, problem, payload, and the fields as text.

    A number that is there and of another type is '?', which no cast reads. Unknown keys are
    reported. Raises ContractError for a page that is none.
    """
    columns: dict[str, list[Any]] = {
        name: []
        for name in ("page", "row_number", "problem", "payload", *fields.texts, *fields.numbers)
    }
    unknown: set[str] = set()
    for file in load.manifest.files:
        body = read_body(load.manifest.path_of(file), load.label)
        # A catalogue may have been saved without its envelope.
        top = body[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
        try:
            _, records = split_page(body, () if top else path)
        except ValueError as error:
            raise ContractError(
                f"{load.label}: {file.name} is no JSON as the API gives it ({error})"
            ) from None
        for number, text in enumerate(records, 1):
            record, problem = _record(text)
            unknown.update(key for key in record if key not in fields.known)
            values, wrong = _values(record, fields)
            row = {
                "page": file.name,
                "row_number": number,
                "problem": problem or wrong,
                "payload": text.encode("utf-8", "backslashreplace").decode(),
                **values,
            }
            for name, column in columns.items():
                column.append(row[name])
    merge_unknown(load, {_shown(key): "JSON" for key in sorted(unknown)[:MAX_UNKNOWN_KEYS]})
    selected = ", ".join(
        f'unnest(cast(${name} as {"bigint" if name == "row_number" else "varchar"}[])) as "{name}"'
        for name in columns
    )
    load.con.execute(f"create or replace temp table json_rows as select {selected}", columns)


def optional_text_reason(column: str, label: str, length: int) -> str:
    """SQL branches that reject a text that is overlong or unprintable; it may be missing."""
    return f"""
        when length({column}) > {length} then '{label} is longer than {length}'
        when regexp_matches({column}, '[\\x00-\\x1f\\x7f]') then '{label} has control characters'
    """


def store_rejects(load: Load) -> None:
    """Write the rejected rows of temp.staged (page, row_number, reason, payload) to raw.rejects."""
    load.con.execute(
        """
        insert into raw.rejects
        select $load_id, $source, $partition, page, row_number, reason, payload, $now
        from temp.staged
        where reason is not null
        order by page, row_number
        """,
        {
            "load_id": load.load_id,
            "source": load.source,
            "partition": load.partition,
            "now": load.started_at,
        },
    )


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > MAX_DEPTH:
            return True
    return False


def _record(text: str) -> tuple[dict[str, Any], str | None]:
    try:
        record = parse(text)
    except ValueError as error:
        return {}, str(error).replace("it", "the record", 1)
    return (record, None) if isinstance(record, dict) else ({}, "the record is no object")


def _values(record: dict[str, Any], fields: Fields) -> tuple[dict[str, str | None], str | None]:
    """The fields as text, and what is wrong with the first bad one."""
    values: dict[str, str | None] = {}
    problem = None
    for name in fields.texts:
        value = record.get(name)
        values[name] = None
        if value is None:
            continue
        if not isinstance(value, str) or isinstance(value, Number):
            problem = problem or f"{name} is no text"
        elif not _is_unicode(value):
            problem = problem or f"{name} is no Unicode text"
        else:
            values[name] = value.strip(" ") or None
    for name in fields.numbers:
        value = record.get(name)
        is_readable = isinstance(value, str) and len(value) <= MAX_NUMBER_LENGTH
        if value is not None and not (is_readable and _is_unicode(value)):
            value = "?"
        values[name] = value
    return values, problem


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(key: str) -> str:
    return (key if key.isprintable() else ascii(key)[1:-1])[:MAX_KEY_LENGTH]
