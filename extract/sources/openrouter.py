"""OpenRouter: daily token rankings and the model catalogue.

Source: OpenRouter (openrouter.ai/rankings), CC BY 4.0; cite it with the as_of wherever its
figures are shown. At most 51 rows a day: 50 models and `other`. Figures may be restated, so every
as_of is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract import csv_lines
from extract.errors import ContractError, HubtideError, ImportFolderError, RefusedError
from extract.fetching import Fetched, Planned, Step, open_day, require_open
from extract.home import Home, today
from extract.http import Client
from extract.import_folder import ImportFolder, stem
from extract.landing import (
    MANIFEST,
    Incoming,
    Manifest,
    OpenPartition,
    count_lines,
    land,
    source_lock,
)
from extract.rules import (
    EARLIEST_DAY,
    MAX_ID_LENGTH,
    check_rejected,
    integer_from_text,
    number_reason,
    reading_day_reason,
    text_reason,
)
from extract.sources import json_records
from extract.sources.base import Found, csv_lander
from extract.sources.json_records import Fields, optional_text_reason
from extract.warehouse import Counts, Load, merge_unknown

SOURCE = "openrouter"
CATALOGUE = "models.json"
RANKINGS = "rankings-"
RANKINGS_SCOPE = "rankings"
CATALOGUE_SCOPE = "catalogue"

KEY_VARIABLE = "OPENROUTER_API_KEY"
NO_KEY = f"openrouter: {KEY_VARIABLE} is not set: the daily rankings are not fetched"

# The most days that the service gives at once.
MAX_DAYS = 366

RANKING_COLUMNS = ("date", "model_permaslug", "total_tokens")

# What the catalogue's items have had; further ones are reported once.
CATALOGUE_KEYS = (
    "id",
    "canonical_slug",
    "hugging_face_id",
    "name",
    "created",
    "description",
    "context_length",
    "architecture",
    "pricing",
    "top_provider",
    "per_request_limits",
    "supported_parameters",
    "default_parameters",
    "expiration_date",
)

RANKING_FIELDS = Fields(RANKING_COLUMNS[:2], RANKING_COLUMNS[2:], RANKING_COLUMNS)
CATALOGUE_FIELDS = Fields(
    ("id", "canonical_slug", "hugging_face_id", "name"),
    ("created", "context_length"),
    CATALOGUE_KEYS,
)
ENVELOPE = ("data",)

# Names are prose; the longest real one has 60 characters.
MAX_NAME_LENGTH = 500


def find(folder: ImportFolder, home: Home) -> list[Found]:
    """The rankings files and the catalogue of an import folder, in that order.

    Raises ImportFolderError when two files have one stem.
    """
    rankings = folder.files(SOURCE, ".csv", ".csv.gz")
    names: dict[str, Path] = {}
    for path in rankings:
        partition = RANKINGS + stem(path)
        if partition in names:
            raise ImportFolderError(
                f"{folder.name(path)} and {folder.name(names[partition])} are one partition: "
                "rename one"
            )
        names[partition] = path
    found = [
        Found(
            SOURCE,
            partition,
            partition,
            csv_lander(folder, home, SOURCE, partition, path, RANKINGS_SCOPE, _newest_day),
        )
        for partition, path in sorted(names.items())
    ]
    catalogue = folder.root / SOURCE / CATALOGUE
    if catalogue.is_file():
        read_on = _catalogue_day(folder, catalogue, rankings)
        found.append(
            Found(
                SOURCE,
                catalogue_partition(read_on),
                "catalogue",
                _catalogue_lander(folder, home, read_on, catalogue),
            )
        )
    return found


def key_from_environment() -> str | None:
    """The key for the rankings (OPENROUTER_API_KEY), None where it is not set.

    Raises HubtideError, which does not show it, when it cannot be a key.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise HubtideError(f"{KEY_VARIABLE} has characters that no key has: copy it again")
    return key or None


def fetch_rankings(
    client: Client,
    home: Home,
    since: date,
    until: date,
    key: str,
    is_synthetic: bool,
    step: Step | None = None,
) -> list[Fetched]:
    """Land the rankings of the days from `since` to `until`; `client` sends the key from now on.

    Figures may be restated, so the partition names the open day: one fetch a day, each kept.
    Nothing is raised: a result says why it failed.
    """
    client.headers = {**client.headers, "Authorization": f"Bearer {key}"}
    spans = _spans(since, until)

    def fetch(target: OpenPartition) -> Manifest:
        if not spans:
            raise HubtideError(f"{SOURCE}: the rankings' first day, {since}, is after {until}")
        for number, (first, last) in enumerate(spans):
            if step:
                step(number, len(spans), f"{SOURCE} {RANKINGS_SCOPE} {first} to {last}")
            if number < len(target.pages):
                continue  # landed before the run was killed
            reply = client.get(
                f"{client.origin}/datasets/rankings-daily",
                f"the rankings of {first} to {last}",
                [("start_date", first.isoformat()), ("end_date", last.isoformat())],
                _rankings_problem,
            )
            target.add(
                f"{number + 1:04}.json",
                reply.body,
                rows=len(json_records.split_page(reply.body, ENVELOPE)[1]),
                fetched_at=reply.fetched_at,
                origin=reply.path,
                following=spans[number + 1][0].isoformat() if number + 1 < len(spans) else None,
            )
        if step:
            step(len(spans), len(spans), "")
        return target.complete(
            is_synthetic=is_synthetic, as_of=_oldest_as_of(target), scope=RANKINGS_SCOPE
        )

    return _fetch(client, home, rankings_partition(since, until), fetch)


def fetch_catalogue(client: Client, home: Home, day: date, is_synthetic: bool) -> list[Fetched]:
    """Land the catalogue as it is now, without a key.

    Raises UnrecoverableError when `day` is not the open one; other failures are results.
    """
    require_open(SOURCE, day)

    def fetch(target: OpenPartition) -> Manifest:
        if not target.pages:
            reply = client.get(
                f"{client.origin}/models", "the model catalogue", None, _catalogue_problem
            )
            target.add(
                CATALOGUE,
                reply.body,
                rows=len(json_records.split_page(reply.body, ENVELOPE)[1]),
                fetched_at=reply.fetched_at,
                origin=reply.path,
            )
        return target.complete(is_synthetic=is_synthetic, as_of=day, scope=CATALOGUE_SCOPE)

    return _fetch(client, home, catalogue_partition(day), fetch)


def plan(
    home: Home, day: date, since: date, until: date, with_catalogue: bool = True
) -> list[Planned]:
    """What the two fetches would ask for."""
    asked = {catalogue_partition(day): 1} if with_catalogue else {}
    rankings = rankings_partition(since, until)
    asked[rankings] = len(_spans(since, until))
    planned = []
    for partition, requests in asked.items():
        if partition == rankings and key_from_environment() is None:
            planned.append(Planned(SOURCE, partition, 0, NO_KEY))
        elif (home.landing / SOURCE / partition / MANIFEST).exists():
            planned.append(Planned(SOURCE, partition, 0, "already landed"))
        else:
            planned.append(Planned(SOURCE, partition, requests))
    return planned


def rankings_partition(since: date, until: date) -> str:
    """The partition of the rankings of some days as they are given on the open day."""
    return f"{RANKINGS}{since.isoformat()}..{until.isoformat()}@{open_day().isoformat()}"


def catalogue_partition(day: date) -> str:
    """The partition of the catalogue of a day."""
    return f"catalogue-{day.isoformat()}"


def load(load: Load) -> Counts:
    """Load a landed rankings file or catalogue inside the open transaction.

    Raises ContractError when the file cannot be read or lacks a column, has no rows, or more than
    1 % rejected.
    """
    if load.partition.startswith(RANKINGS):
        return _load_rankings(load)
    return _load_catalogue(load)


def _catalogue_day(folder: ImportFolder, catalogue: Path, rankings: list[Path]) -> date:
    """The day of the catalogue: manifest.csv's as_of, else the newest rankings day, else today."""
    given = folder.dating(catalogue).as_of
    if given is not None:
        return given
    days = [folder.dating(path).as_of or _newest_day(path) for path in rankings]
    return max((day for day in days if day is not None), default=None) or today()


def _newest_day(path: Path) -> date | None:
    """The newest readable date of a rankings file; None where it has none (its load says why)."""
    if count_lines(path) is None:  # a damaged .gz must not date the catalogue
        return None
    try:
        header = csv_lines.read_header(path, path.name, ["date"])
        with duckdb.connect() as con:
            csv_lines.stage_lines(con, path, path.name, header)
            day = f"try_cast({header.value('date')} as date)"
            is_readable = f"case {reading_day_reason(day, 'date', today())} end is null"
            rows = con.execute(
                f"""
                select max({day})
                from temp.csv_rows
                where problem is null and {is_readable}
                """
            ).fetchall()
    except ContractError:
        return None
    newest = rows[0][0]
    return newest if isinstance(newest, date) else None


def _catalogue_lander(
    folder: ImportFolder, home: Home, read_on: date, path: Path
) -> Callable[[duckdb.DuckDBPyConnection], Manifest]:
    def run(_: duckdb.DuckDBPyConnection) -> Manifest:
        return land(
            home,
            SOURCE,
            catalogue_partition(read_on),
            [Incoming(path.name, path, folder.name(path))],
            is_synthetic=folder.is_synthetic,
            as_of=read_on,
            days_early=folder.dating(path).days_early,
            scope=CATALOGUE_SCOPE,
        )

    return run


def _fetch(
    client: Client, home: Home, partition: str, fetch: Callable[[OpenPartition], Manifest]
) -> list[Fetched]:
    before = client.requests
    try:
        with source_lock(home, SOURCE):
            target = OpenPartition(home, SOURCE, partition)
            known = target.manifest
            manifest = known or fetch(target)
    except HubtideError as error:
        note = str(error)
        if isinstance(error, RefusedError) and "status 401" in note:
            note += f" (the key is read from {KEY_VARIABLE})"
        return [Fetched.failed(SOURCE, partition, client.requests - before, error, note)]
    rows = sum(file.rows or 0 for file in manifest.files)
    status = "already landed" if known else "landed"
    return [Fetched(SOURCE, partition, status, client.requests - before, rows)]


def _spans(since: date, until: date) -> list[tuple[date, date]]:
    """The days in spans that the service gives at once."""
    spans = []
    for start in range(0, (until - since).days + 1, MAX_DAYS):
        first = since + timedelta(days=start)
        spans.append((first, min(until, first + timedelta(days=MAX_DAYS - 1))))
    return spans


def _rankings_problem(body: bytes) -> str | None:
    problem = json_records.page_problem(body, ENVELOPE)
    if problem is not None:
        return problem
    envelope, _ = json_records.split_page(body, ENVELOPE)
    return None if isinstance(envelope.get("meta"), dict) else "the reply has no meta"


def _catalogue_problem(body: bytes) -> str | None:
    return json_records.page_problem(body, ENVELOPE)


def _oldest_as_of(target: OpenPartition) -> date:
    """The oldest as_of of the pages; the open day where a page has none that can be."""
    label = f"{target.source} {target.partition}"
    latest = open_day() + timedelta(days=1)  # of the calendar, which is ahead of the open day
    found = []
    for page in target.pages:
        body = json_records.read_body(target.folder / page.file.path, label)
        envelope, _ = json_records.split_page(body, ENVELOPE)
        as_of = _day_of(envelope["meta"].get("as_of"))
        found.append(as_of if as_of is not None and as_of <= latest else open_day())
    return min(found)


def _day_of(value: Any) -> date | None:
    """The date of a JSON date or time."""
    try:
        day = date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None
    return day if day >= date.fromisoformat(EARLIEST_DAY) else None


def _load_rankings(load: Load) -> Counts:
    con, manifest = load.con, load.manifest
    if manifest.files[0].name.removesuffix(".gz").endswith(".json"):
        json_records.stage(load, ENVELOPE, RANKING_FIELDS)
        rows = f"select page, row_number, problem, payload, {', '.join(RANKING_COLUMNS)} "
        rows += "from temp.json_rows"
    else:
        rows = _csv_rows(load)
    con.execute(
        f"""
        create or replace temp table staged as
        with read as ({rows}),

        parsed as (
            select
                page,
                row_number,
                problem,
                payload,
                try_cast(date as date) as day,
                model_permaslug,
                {integer_from_text("total_tokens")} as total_tokens,
            from read
        ),

        checked as (
            select
                *,
                case
                    when problem is not null then problem
                    {reading_day_reason("day", "date", manifest.landed_on)}
                    {text_reason("model_permaslug", "model_permaslug")}
                    {number_reason("''", "total_tokens", "total_tokens")}
                end as reason,
            from parsed
        )

        select
            * exclude (reason),
            case
                when reason is not null then reason
                when row_number() over (
                    partition by day, model_permaslug, reason is null order by page, row_number
                ) > 1
                    then 'a row before has the same date and model_permaslug'
            end as reason,
        from checked
        """
    )
    rows_read, rows_rejected = _counted(load)
    if manifest.as_of is None:
        raise ContractError(f"{load.label}: no row has a readable date", rows_read, rows_rejected)
    _remove_previous(load)
    con.execute(
        """
        insert into raw.openrouter_rankings
        select day, model_permaslug, total_tokens, $as_of, $partition, $load_id
        from temp.staged
        where reason is null
        order by day, total_tokens desc, model_permaslug
        """,
        {"as_of": manifest.as_of, "partition": load.partition, "load_id": load.load_id},
    )
    # A day is whole when `other` is there: the 50 models and the rest of all tokens.
    con.execute(
        """
        insert into raw.read_days
        select
            $source,
            $scope,
            day,
            bool_or(model_permaslug = 'other'),
            $days_early,
            count(*),
            $partition,
            $load_id,
        from temp.staged
        where reason is null
        group by day
        order by day
        """,
        {
            "source": SOURCE,
            "scope": RANKINGS_SCOPE,
            "days_early": manifest.days_early,
            "partition": load.partition,
            "load_id": load.load_id,
        },
    )
    if rows_rejected:
        json_records.store_rejects(load)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _csv_rows(load: Load) -> str:
    """SQL for the rows of a rankings file as CSV, their values as text."""
    file = load.manifest.files[0]
    path = load.manifest.path_of(file)
    csv_lines.require_whole(file, load.label)
    header = csv_lines.read_header(path, load.label, RANKING_COLUMNS)
    merge_unknown(load, csv_lines.unknown_columns(header, RANKING_COLUMNS))
    csv_lines.stage_lines(load.con, path, load.label, header)
    values = ", ".join(f"{header.value(column)} as {column}" for column in RANKING_COLUMNS)
    return (
        f"select {csv_lines.quoted(file.name)} as page, row_number, problem, "
        f"{csv_lines.payload(header)} as payload, {values} from temp.csv_rows"
    )


def _load_catalogue(load: Load) -> Counts:
    con, manifest = load.con, load.manifest
    json_records.stage(load, ENVELOPE, CATALOGUE_FIELDS)
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select
                page,
                row_number,
                problem,
                payload,
                id as slug,
                canonical_slug,
                hugging_face_id,
                name,
                created as raw_created,
                {integer_from_text("created")} as created,
                context_length as raw_context_length,
                {integer_from_text("context_length")} as context_length,
            from temp.json_rows
        ),

        checked as (
            select
                *,
                case
                    when problem is not null then problem
                    {text_reason("slug", "id")}
                    {optional_text_reason("canonical_slug", "canonical_slug", MAX_ID_LENGTH)}
                    {optional_text_reason("hugging_face_id", "hugging_face_id", MAX_ID_LENGTH)}
                    {optional_text_reason("name", "name", MAX_NAME_LENGTH)}
                    {number_reason("raw_created", "created", "created")}
                    when created > 4102444800 then 'created is out of range'  -- the year 2100
                    {number_reason("raw_context_length", "context_length", "context_length")}
                end as reason,
            from parsed
        )

        select
            * exclude (reason),
            case
                when reason is not null then reason
                when row_number() over (
                    partition by slug, reason is null order by row_number
                ) > 1
                    then 'an item before has the same id'
            end as reason,
        from checked
        """
    )
    rows_read, rows_rejected = _counted(load)
    _remove_previous(load)
    con.execute(
        """
        insert into raw.openrouter_catalogue
        select
            $read_on,
            slug,
            coalesce(canonical_slug, slug),
            hugging_face_id,
            name,
            make_timestamp(created * 1000000),
            context_length,
            $partition,
            $load_id,
        from temp.staged
        where reason is null
        order by slug
        """,
        {"read_on": manifest.as_of, "partition": load.partition, "load_id": load.load_id},
    )
    con.execute(
        "insert into raw.read_days values (?, ?, ?, true, ?, ?, ?, ?)",
        [
            SOURCE,
            CATALOGUE_SCOPE,
            manifest.as_of,
            manifest.days_early,
            rows_read - rows_rejected,
            load.partition,
            load.load_id,
        ],
    )
    if rows_rejected:
        json_records.store_rejects(load)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _counted(load: Load) -> tuple[int, int]:
    rows_read, rows_rejected = load.con.execute(
        "select count(*), count(reason) from temp.staged"
    ).fetchall()[0]
    check_rejected(load.con, SOURCE, load.partition, rows_read, rows_rejected)
    return int(rows_read), int(rows_rejected)


def _remove_previous(load: Load) -> None:
    if load.previous_load_id is None:
        return
    for table in ("openrouter_rankings", "openrouter_catalogue", "read_days", "rejects"):
        load.con.execute(f"delete from raw.{table} where load_id = ?", [load.previous_load_id])
