"""OpenRouter: daily token rankings and the model catalogue.

Source: OpenRouter (openrouter.ai/rankings), CC BY 4.0; cite it with the as_of wherever its
figures are shown. At most 51 rows a day: 50 models and `other`. Figures may be restated, so every
as_of is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from extract import csv_lines
from extract.errors import ContractError, ImportFolderError
from extract.home import Home, today
from extract.import_folder import ImportFolder, stem
from extract.landing import Incoming, Manifest, land
from extract.rules import (
    check_rejected,
    day_reason,
    integer_from_text,
    number_reason,
    text_reason,
)
from extract.sources.base import Found, csv_lander
from extract.warehouse import Counts, Load, merge_unknown

SOURCE = "openrouter"
CATALOGUE = "models.json"
RANKINGS = "rankings-"
RANKINGS_SCOPE = "rankings"
CATALOGUE_SCOPE = "catalogue"

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

# The largest catalogue document that is read, in bytes; the real one has about one megabyte.
MAX_CATALOGUE_BYTES = 256 * 2**20


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
                f"catalogue-{read_on.isoformat()}",
                "catalogue",
                _catalogue_lander(folder, home, read_on, catalogue),
            )
        )
    return found


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
    try:
        header = csv_lines.read_header(path, path.name, ["date"])
        with duckdb.connect() as con:
            csv_lines.stage_lines(con, path, path.name, header)
            day = f"try_cast({header.value('date')} as date)"
            rows = con.execute(
                f"""
                select max({day})
                from temp.csv_rows
                where problem is null and case {day_reason(day, "date")} end is null
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
            f"catalogue-{read_on.isoformat()}",
            [Incoming(path.name, path, folder.name(path))],
            is_synthetic=folder.is_synthetic,
            as_of=read_on,
            days_early=folder.dating(path).days_early,
            scope=CATALOGUE_SCOPE,
        )

    return run


def _load_rankings(load: Load) -> Counts:
    con, manifest = load.con, load.manifest
    file = manifest.files[0]
    path = manifest.path_of(file)
    header = csv_lines.read_header(path, load.label, RANKING_COLUMNS)
    merge_unknown(load, csv_lines.unknown_columns(header, RANKING_COLUMNS))
    csv_lines.stage_lines(con, path, load.label, header)
    tokens = header.value("total_tokens")
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select
                row_number,
                problem,
                {csv_lines.payload(header)} as payload,
                try_cast({header.value("date")} as date) as day,
                {header.value("model_permaslug")} as model_permaslug,
                {integer_from_text(tokens)} as total_tokens,
            from temp.csv_rows
        ),

        checked as (
            select
                *,
                case
                    when problem is not null then problem
                    {day_reason("day", "date")}
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
                    partition by day, model_permaslug, reason is null order by row_number
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
        csv_lines.store_rejects(load, file.name)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _load_catalogue(load: Load) -> Counts:
    con, manifest = load.con, load.manifest
    file = manifest.files[0]
    path = manifest.path_of(file)
    try:
        con.execute(
            f"""
            create or replace temp table catalogue_items as
            with document as (
                select
                    case json_type(json)
                        when 'ARRAY' then json
                        else json_extract(json, '$.data')
                    end as items,
                from read_json_objects(
                    $path, format = 'unstructured', maximum_object_size = {MAX_CATALOGUE_BYTES}
                )
            )

            select unnest(json_extract(items, '$[*]')) as item
            from document
            """,
            {"path": str(path)},
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise ContractError(
            f'{load.label}: {file.name} is no JSON as the API gives it ({{"data":[…]}})'
        ) from None
    unknown = con.execute(
        """
        select distinct unnest(json_keys(item))
        from temp.catalogue_items
        where json_type(item) = 'OBJECT'
        """
    ).fetchall()
    merge_unknown(load, {key: "JSON" for (key,) in unknown if key not in CATALOGUE_KEYS})
    created, context = (
        f"json_extract_string(item, '$.{key}')" for key in ("created", "context_length")
    )
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select
                row_number() over () as row_number,
                cast(item as varchar) as payload,
                trim(json_extract_string(item, '$.id')) as slug,
                nullif(trim(json_extract_string(item, '$.canonical_slug')), '') as canonical_slug,
                nullif(trim(json_extract_string(item, '$.hugging_face_id')), '')
                    as hugging_face_id,
                json_extract_string(item, '$.name') as name,
                {created} as raw_created,
                {integer_from_text(created)} as created,
                {context} as raw_context_length,
                {integer_from_text(context)} as context_length,
            from temp.catalogue_items
        ),

        checked as (
            select
                *,
                case
                    {text_reason("slug", "id")}
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
        csv_lines.store_rejects(load, file.name)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _counted(load: Load) -> tuple[int, int]:
    rows_read, rows_rejected = load.con.execute(
        "select count(*), count(reason) from temp.staged"
    ).fetchall()[0]
    check_rejected(SOURCE, load.partition, rows_read, rows_rejected)
    return int(rows_read), int(rows_rejected)


def _remove_previous(load: Load) -> None:
    if load.previous_load_id is None:
        return
    for table in ("openrouter_rankings", "openrouter_catalogue", "read_days", "rejects"):
        load.con.execute(f"delete from raw.{table} where load_id = ?", [load.previous_load_id])
