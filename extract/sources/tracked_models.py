"""The ATOM project's public metadata: Interconnects-AI/tracked-models, Apache-2.0.

Lists of models, parameters, regions and release dates. All CSV files of the folder land as one
partition; other content of the folder supersedes it. Read from an import folder, over HTTPS at a
pinned revision, or from a folder that TRACKED_MODELS_URL names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract import csv_lines
from extract.errors import ContractError, HubtideError
from extract.fetching import Fetched, Planned, Step
from extract.home import Home
from extract.http import Client, Limits, Say, endpoint
from extract.import_folder import ImportFolder
from extract.landing import (
    MANIFEST,
    Incoming,
    Manifest,
    count_lines,
    land,
    read_manifest,
    source_lock,
)
from extract.rules import check_rejected, day_reason, id_reason, text_reason
from extract.sources.base import Found
from extract.warehouse import Counts, Load, merge_unknown

SOURCE = "tracked_models"
PART = "tracked-models"
PARTITION = "folder"

URL_VARIABLE = "TRACKED_MODELS_URL"

# The newest state of the main branch that was looked at, of 2026-08-17.
REVISION = "3cd80206db5e47d4a3d0972700ace1815e508778"
DEFAULT_URL = f"https://raw.githubusercontent.com/Interconnects-AI/tracked-models/{REVISION}"


# More than any model will have; what is above is written in parameters, not in billions of them.
MAX_BILLIONS = 1_000_000

# The list decides what is tracked, and it grows: one with less than this share of the models of the
# list that it would replace is a broken file.
MIN_SHARE_OF_PREVIOUS_LIST = 0.5


@dataclass(frozen=True)
class Table:
    """One CSV of the repository: its columns, key and checks, and the raw table it fills.

    `select` are the values for the raw table, in its order but for load_id; `reasons` are SQL
    `when` branches. Both see the CSV's columns as trimmed text under their own names.
    """

    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: str
    raw_table: str
    select: str
    reasons: str


def _unless(column: str, type_: str, problem: str) -> str:
    value = f"try_cast({column} as {type_})"
    return f"when {column} is not null and {value} is null then '{column} {problem}'\n"


def _size(column: str) -> str:
    value = f"try_cast({column} as double)"
    return (
        f"when {column} is not null and ({value} is null or not isfinite({value})) "
        f"then '{column} is unreadable'\n"
        f"when {value} < 0 then '{column} is negative'\n"
        f"when {value} > {MAX_BILLIONS} then '{column} is above {MAX_BILLIONS:,} billion'\n"
    )


def _model_list(name: str) -> Table:
    return Table(
        columns=("org", "model", "modelId"),
        required=("org", "modelId"),
        key="modelId",
        raw_table="tracked_models_list",
        select=f"'{name}', org, coalesce(model, string_split(modelId, '/')[-1]), modelId",
        reasons=id_reason("modelId", "modelId") + text_reason("org", "org"),
    )


MODELS = "models.csv"

TABLES = {
    MODELS: _model_list("models"),
    "extra_models.csv": _model_list("extra_models"),
    "metadata/model_parameters.csv": Table(
        columns=("model_id", "total_params_b", "active_params_b", "is_moe", "notes"),
        required=("model_id", "total_params_b"),
        key="model_id",
        raw_table="tracked_models_parameters",
        select=(
            "model_id, try_cast(total_params_b as double), try_cast(active_params_b as double), "
            "try_cast(is_moe as boolean), notes"
        ),
        reasons=id_reason("model_id", "model_id")
        + _size("total_params_b")
        + _size("active_params_b")
        + _unless("is_moe", "boolean", "is neither true nor false"),
    ),
    "metadata/organization_regions.csv": Table(
        columns=("hf_org", "region", "notes"),
        required=("hf_org", "region"),
        key="hf_org",
        raw_table="tracked_models_regions",
        select="hf_org, region, notes",
        reasons=text_reason("hf_org", "hf_org") + text_reason("region", "region"),
    ),
    "metadata/release_date_corrections.csv": Table(
        columns=("model_id", "hf_created_at", "actual_release_date", "notes"),
        required=("model_id", "actual_release_date"),
        key="model_id",
        raw_table="tracked_models_release_dates",
        select=(
            "model_id, try_cast(hf_created_at as date), try_cast(actual_release_date as date), "
            "notes"
        ),
        reasons=id_reason("model_id", "model_id")
        + _unless("hf_created_at", "date", "is no date")
        + day_reason("try_cast(actual_release_date as date)", "actual_release_date"),
    ),
}


def find(folder: ImportFolder, home: Home) -> list[Found]:
    """The folder tracked-models/ as one partition, where it holds any of the known files."""
    root = folder.root / PART
    if not any((root / name).is_file() for name in TABLES):
        return []
    return [Found(SOURCE, PARTITION, PARTITION, _lander(folder, home, root))]


def address() -> str | None:
    """Where the files are fetched from; None where TRACKED_MODELS_URL is a local folder.

    Raises HubtideError when it is neither.
    """
    return None if _local_folder() else _url()


def fetch(
    home: Home,
    limits: Limits,
    is_synthetic: bool,
    say: Say = lambda _: None,
    step: Step | None = None,
) -> list[Fetched]:
    """Land the known files, all of them or none; the same content as before changes nothing.

    Nothing is raised: the result says why it failed.
    """
    client: Client | None = None
    try:
        with source_lock(home, SOURCE):
            before = _landed(home)
            local = _local_folder()
            if local is not None:
                folder = ImportFolder(local, is_synthetic or (local / "SYNTHETIC").exists())
                manifest = _land_folder(folder, home, local)
            else:
                client = Client(SOURCE, _url(), {}, limits, say)
                manifest = _download(client, home, is_synthetic, step)
    except (HubtideError, OSError) as error:
        note = str(error)
        if isinstance(error, OSError):  # a disk that is full, a folder that cannot be read
            note = f"{SOURCE}: the files cannot be landed ({error.strerror}); what was there stays"
        requests = client.requests if client else 0
        return [Fetched.failed(SOURCE, PARTITION, requests, error, note)]
    is_known = before is not None and before.digest == manifest.digest
    return [
        Fetched(
            SOURCE,
            PARTITION,
            "already landed" if is_known else "landed",
            client.requests if client else 0,
            sum(file.rows or 0 for file in manifest.files),
        )
    ]


def plan(home: Home) -> list[Planned]:
    """What `fetch` would ask for: each file, to see whether it is another one now."""
    requests = 0 if _local_folder() else len(TABLES)
    note = "landed before" if _landed(home) else ""
    return [Planned(SOURCE, PARTITION, requests, note)]


def load(load: Load) -> Counts:
    """Load the landed folder inside the open transaction.

    Raises ContractError when a file cannot be read or lacks a column, when the folder as a whole
    has no rows or more than 1 % rejected, when models.csv lists no model, or when it lists less
    than half as many as in the load that this one would replace (none where the file is gone).
    Files that are not known stay landed.
    """
    con, manifest = load.con, load.manifest
    before = _listed(con, load.previous_load_id)
    if load.previous_load_id is not None:
        for name in sorted({table.raw_table for table in TABLES.values()} | {"rejects"}):
            con.execute(f"delete from raw.{name} where load_id = ?", [load.previous_load_id])
    rows_read = rows_rejected = 0
    for file in manifest.files:
        if file.name not in TABLES:
            continue
        table = TABLES[file.name]
        read, rejected = _load_table(load, table, manifest.path_of(file), file.name)
        rows_read += read
        rows_rejected += rejected
    # The rule is on the partition; what was written above is rolled back when it is broken.
    written = f"(select reason from raw.rejects where load_id = {load.load_id})"
    check_rejected(con, SOURCE, load.partition, rows_read, rows_rejected, written)
    problem = _list_problem(load, before)
    if problem:
        raise ContractError(f"{load.label}: {problem}", rows_read, rows_rejected)
    return Counts(rows_read, rows_read - rows_rejected, rows_rejected)


def _listed(con: duckdb.DuckDBPyConnection, load_id: int | None) -> int:
    """Models that models.csv listed in a load; 0 for none."""
    (count,) = con.execute(
        "select count(*) from raw.tracked_models_list where list_name = 'models' and load_id = ?",
        [load_id],
    ).fetchall()[0]
    return int(count)


def _list_problem(load: Load, before: int) -> str | None:
    """What is wrong with the models listed, where `before` were in the load before."""
    listed = _listed(load.con, load.load_id)
    if listed == 0 and any(file.name == MODELS for file in load.manifest.files):
        return f"{MODELS} lists no models; nothing was loaded. Deliver it again"
    if listed < before * MIN_SHARE_OF_PREVIOUS_LIST:
        return (
            f"{MODELS} lists {listed:,} models, less than half of the {before:,} of the load "
            "before; nothing was loaded. Deliver it again; if the list did shrink, withdraw the "
            "earlier one first: remove the partition's folder in data/ and run "
            "`python -m extract rebuild`"
        )
    return None


def _lander(
    folder: ImportFolder, home: Home, root: Path
) -> Callable[[duckdb.DuckDBPyConnection], Manifest]:
    return lambda _: _land_folder(folder, home, root)


def _land_folder(folder: ImportFolder, home: Home, root: Path) -> Manifest:
    files = [
        path
        for path in sorted(root.rglob("*.csv"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    if not any(path.relative_to(root).as_posix() in TABLES for path in files):
        raise HubtideError(
            f"{SOURCE}: the folder '{root.name}' has none of {', '.join(TABLES)}; "
            f"set {URL_VARIABLE} to a copy of the repository"
        )
    return land(
        home,
        SOURCE,
        PARTITION,
        [
            Incoming(path.relative_to(root).as_posix(), path, folder.name(path), count_lines(path))
            for path in files
        ],
        is_synthetic=folder.is_synthetic,
        scope=PARTITION,
    )


def _local_folder() -> Path | None:
    """The folder that TRACKED_MODELS_URL names, None where it is an address or not set."""
    value = os.environ.get(URL_VARIABLE, "")
    path = Path(value).expanduser()
    return path.resolve() if value and "://" not in value and path.is_dir() else None


def _url() -> str:
    value = os.environ.get(URL_VARIABLE, "")
    if value and "://" not in value:
        raise HubtideError(
            f"{URL_VARIABLE} is neither an address (https://host/path) nor a folder that is there"
        )
    return endpoint(URL_VARIABLE, DEFAULT_URL)


def _landed(home: Home) -> Manifest | None:
    path = home.landing / SOURCE / PARTITION / MANIFEST
    return read_manifest(path) if path.exists() else None


def _download(client: Client, home: Home, is_synthetic: bool, step: Step | None) -> Manifest:
    """Get all files before any of them lands."""
    with tempfile.TemporaryDirectory() as directory:
        incoming = []
        for number, name in enumerate(TABLES):
            if step:
                step(number, len(TABLES), f"{SOURCE} {name}")
            reply = client.get(f"{client.origin}/{name}", name, check=_file_problem)
            path = Path(directory) / f"{number}.csv"
            path.write_bytes(reply.body)
            incoming.append(Incoming(name, path, reply.path, count_lines(path)))
        if step:
            step(len(TABLES), len(TABLES), "")
        return land(home, SOURCE, PARTITION, incoming, is_synthetic=is_synthetic, scope=PARTITION)


def _file_problem(body: bytes) -> str | None:
    """What is wrong with a reply that is to be a CSV file."""
    start = body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "the file is empty"
    if start.startswith((b"<", b"{")):
        return "the reply is no CSV file but a page"
    return None


def _load_table(load: Load, table: Table, path: Path, name: str) -> tuple[int, int]:
    con = load.con
    label = f"{load.label} {name}"
    header = csv_lines.read_header(path, label, table.required)
    merge_unknown(
        load,
        {
            f"{name}:{column}": type_
            for column, type_ in csv_lines.unknown_columns(header, table.columns).items()
        },
    )
    csv_lines.stage_lines(con, path, label, header)
    values = ", ".join(f"{header.value(column)} as {column}" for column in table.columns)
    con.execute(
        f"""
        create or replace temp table staged as
        with parsed as (
            select row_number, problem, {csv_lines.payload(header)} as payload, {values}
            from temp.csv_rows
        ),

        checked as (
            select *, case when problem is not null then problem {table.reasons} end as reason
            from parsed
        )

        select
            * exclude (reason),
            case
                when reason is not null then reason
                when row_number() over (
                    partition by {table.key}, reason is null order by row_number
                ) > 1
                    then 'a row before has the same {table.key}'
            end as reason,
        from checked
        """
    )
    con.execute(
        f"""
        insert into raw.{table.raw_table}
        select {table.select}, $load_id
        from temp.staged
        where reason is null
        order by row_number
        """,
        {"load_id": load.load_id},
    )
    rows_read, rows_rejected = con.execute(
        "select count(*), count(reason) from temp.staged"
    ).fetchall()[0]
    if rows_rejected:
        csv_lines.store_rejects(load, name)
    return int(rows_read), int(rows_rejected)
