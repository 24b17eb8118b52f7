"""Readings that a user has as CSV files: readings/*.csv[.gz] of an import folder.

The scope of a file is its rows: a day is read only for the models that have a row, and every row
is stored.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from extract import csv_lines
from extract.errors import ImportFolderError
from extract.home import Home
from extract.import_folder import ImportFolder, stem
from extract.landing import Manifest
from extract.rules import (
    check_rejected,
    id_reason,
    integer_from_text,
    number_reason,
    reading_day_reason,
)
from extract.sources.base import Found, csv_lander
from extract.warehouse import Counts, Load, drop_unused_names, merge_unknown

SOURCE = "files"
PART = "readings"
SCOPE = "rows"

KNOWN_COLUMNS = (
    "as_of",
    "model_id",
    "downloads_30d",
    "downloads_all_time",
    "likes",
    "parameters_total",
    "pipeline_tag",
    "license",
    "created_on",
)


def find(folder: ImportFolder, home: Home) -> list[Found]:
    """The readings files of an import folder, by name; the partition is the file's stem.

    Raises ImportFolderError when two files have one stem (a.csv and a.csv.gz).
    """
    files: dict[str, Path] = {}
    for path in folder.files(PART, ".csv", ".csv.gz"):
        partition = stem(path)
        if partition in files:
            raise ImportFolderError(
                f"{folder.name(path)} and {folder.name(files[partition])} are one partition: "
                "rename one"
            )
        files[partition] = path
    return [
        Found(
            SOURCE, partition, partition, csv_lander(folder, home, SOURCE, partition, path, SCOPE)
        )
        for partition, path in sorted(files.items())
    ]


def load(load: Load) -> Counts:
    """Load a landed file inside the open transaction.

    The day of a row is the manifest's as_of, else its own. Raises ContractError when the file
    is damaged, cannot be read or lacks a column, has no rows, or more than 1 % rejected.
    """
    con, manifest = load.con, load.manifest
    file = manifest.files[0]
    path = manifest.path_of(file)
    csv_lines.require_whole(file, load.label)
    required = ["model_id", "downloads_30d"]
    if manifest.as_of is None:
        required.insert(0, "as_of")
    header = csv_lines.read_header(path, load.label, required)
    merge_unknown(load, csv_lines.unknown_columns(header, KNOWN_COLUMNS))
    csv_lines.stage_lines(con, path, load.label, header)
    _stage(con, header, manifest)
    rows_read, rows_rejected = con.execute(
        "select count(*), count(reason) from temp.staged"
    ).fetchall()[0]
    check_rejected(con, SOURCE, load.partition, rows_read, rows_rejected)
    if load.previous_load_id is not None:
        for table in ("files_readings", "read_days", "rejects"):
            con.execute(f"delete from raw.{table} where load_id = ?", [load.previous_load_id])
    _store(load)
    if rows_rejected:
        csv_lines.store_rejects(load, file.name)
    if load.previous_load_id is not None:
        drop_unused_names(con)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _stage(con: duckdb.DuckDBPyConnection, header: csv_lines.Header, manifest: Manifest) -> None:
    """Create temp.staged: the file's rows with their types, the reason where one is rejected."""
    day = (
        f"date '{manifest.as_of.isoformat()}'"
        if manifest.as_of
        else f"try_cast({header.value('as_of')} as date)"
    )
    numbers = ("downloads_30d", "downloads_all_time", "likes", "parameters_total")
    parsed = "".join(
        f"{header.value(name)} as raw_{name}, {integer_from_text(header.value(name))} as {name}, "
        for name in numbers
    )
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select
                row_number,
                problem,
                {csv_lines.payload(header)} as payload,
                {day} as day,
                {header.value("model_id")} as model_id,
                {parsed}
                {header.value("pipeline_tag")} as pipeline_tag,
                {header.value("license")} as license,
                {header.value("created_on")} as raw_created_on,
                try_cast({header.value("created_on")} as date) as created_on,
            from temp.csv_rows
        ),

        checked as (
            select
                *,
                case
                    when problem is not null then problem
                    {id_reason("model_id", "model_id")}
                    {reading_day_reason("day", "as_of", manifest.landed_on)}
                    {"".join(number_reason(f"raw_{name}", name, name) for name in numbers)}
                    when downloads_30d is null and downloads_all_time is null
                        then 'the row has no counter'
                    when raw_created_on is not null and created_on is null
                        then 'created_on is no date'
                end as reason,
            from parsed
        )

        select
            * exclude (reason),
            case
                when reason is not null then reason
                when row_number() over (
                    partition by day, model_id, reason is null order by row_number
                ) > 1
                    then 'a row before has the same model_id and as_of'
            end as reason,
        from checked
        """
    )


def _store(load: Load) -> None:
    con = load.con
    con.execute(
        """
        insert into raw.model_names
        select
            (select coalesce(max(name_key), 0) from raw.model_names)
                + row_number() over (order by model_id),
            null,
            model_id,
        from (select distinct model_id from temp.staged where reason is null) as n
        anti join raw.model_names as k on k.model_id = n.model_id and k.hub_oid is null
        """
    )
    con.execute(
        """
        insert into raw.files_readings
        select
            k.name_key,
            s.day,
            s.downloads_30d,
            s.downloads_all_time,
            s.likes,
            s.parameters_total,
            s.pipeline_tag,
            s.license,
            s.created_on,
            $days_early,
            $partition,
            $load_id,
        from temp.staged as s
        inner join raw.model_names as k on k.model_id = s.model_id and k.hub_oid is null
        where s.reason is null
        order by k.name_key, s.day
        """,
        {
            "days_early": load.manifest.days_early,
            "partition": load.partition,
            "load_id": load.load_id,
        },
    )
    con.execute(
        """
        insert into raw.read_days
        select $source, $scope, day, false, $days_early, count(*), $partition, $load_id
        from temp.staged
        where reason is null
        group by day
        order by day
        """,
        {
            "source": SOURCE,
            "scope": SCOPE,
            "days_early": load.manifest.days_early,
            "partition": load.partition,
            "load_id": load.load_id,
        },
    )
