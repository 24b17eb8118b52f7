"""Publishing: an immutable folder per build, and a link that leads to the current one.

docs/operations.md, Publishing. Readers never wait for a writer and never see half a build:
a folder appears under its name when it is complete, and `current` is replaced in one step.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from extract.home import utc_now
from extract.published_builds import PublishedBuild
from extract.warehouse import once_free
from orchestration.engine import memory_limit
from orchestration.sources import SOURCES

LOG = logging.getLogger("hubtide")

KEPT_BUILDS = 7

# Written so that clients of DuckDB 1.4 and newer can open the file, those of BI tools among them.
STORAGE_VERSION = "v1.4.0"

# The largest tables are published in the order of what is looked up in them: a model's or an
# organisation's rows stand together, so that few parts of a file are read for one, and its name is
# hardly stored twice.
ORDER = {
    "bucket_org_downloads_monthly": "population, org, size_bucket, month",
    "fct_model_downloads_spans": "model_id, from_day",
    "model_downloads_monthly": "model_id, month",
    "org_downloads_monthly": "population, org, month",
}

CURRENT = "current"

# Names the build that has passed its checks; only that one may be published.
AUDITED = "audited"
DATABASE = "marts.duckdb"
DASHBOARD = "dashboard"


@dataclass(frozen=True)
class Build:
    """A published build. `tables` maps each mart to its number of rows."""

    build_id: str
    folder: Path
    tables: dict[str, int]


class NotAuditedError(Exception):
    """What stands in the warehouse has not passed its checks; the message is one line."""


def publish(
    warehouse: Path,
    exports: Path,
    commit: str,
    seeds_sha256: str,
    steps: Sequence[Mapping[str, Any]] = (),
    describe: Callable[[Path, Sequence[Mapping[str, Any]]], object] | None = None,
    site: Callable[[Path, Path], object] | None = None,
) -> Build:
    """Copy schema marts of the warehouse to exports/builds/<build_id>/ and make it current.

    The build's id is marts.about's. A build that is there already is made current, not rewritten.
    `steps` are the costs of the run's steps, for the manifest. `describe` writes what explains the
    build: it gets the build's folder, before that has its name, and the sources. `site` then writes
    the dashboard: it gets the published database and the folder to write, inside the build's.

    Raises:
        ValueError: marts.about has not exactly one row.
    """
    builds = exports / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(builds)
    # The same limit as dbt's builds have: sorting a large table spills beside what is written.
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit(),
        "temp_directory": str(builds / ".spilled"),
    }
    with duckdb.connect(config=limits) as connection:
        _attach(connection, warehouse)
        about = _about(connection)
        build_id = str(about["build_id"])
        folder = builds / build_id
        if not folder.exists():
            partial = builds / f".{build_id}.partial"
            partial.mkdir()
            tables = _copy_marts(connection, partial, about)
            sources = _sources(connection)
            if describe is not None:
                describe(partial, sources)
            if site is not None:
                site(partial / DATABASE, partial / DASHBOARD)
            manifest = {
                **about,
                "published_at": utc_now(),
                "commit": commit,
                "seeds_sha256": seeds_sha256,
                "sources": sources,
                "loads": _loads(connection),
                "tables": tables,
                "files": _file_entries(partial),
                "steps": list(steps),
            }
            _write_json(partial / "manifest.json", manifest)
            _sync(partial)
            partial.rename(folder)
    set_current(exports, build_id)
    prune(exports)
    tables = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
    return Build(build_id, folder, tables)


def record_audit(warehouse: Path, exports: Path, build_id: str) -> None:
    """Note that all checks of a build have passed, the build that the warehouse now holds."""
    with duckdb.connect() as connection:
        _attach(connection, warehouse)
        audit = f"{build_id} {_fingerprint(connection)}"
    exports.mkdir(parents=True, exist_ok=True)
    temporary = exports / f".{AUDITED}.{os.getpid()}"
    temporary.write_text(audit, encoding="ascii")
    temporary.replace(exports / AUDITED)


def require_audit(warehouse: Path, exports: Path) -> None:
    """Raise NotAuditedError unless the marts in the warehouse are those that passed all checks."""
    audited = exports / AUDITED
    audit = audited.read_text(encoding="ascii") if audited.exists() else ""
    with duckdb.connect() as connection:
        _attach(connection, warehouse)
        build_id = str(_about(connection)["build_id"])
        if audit == f"{build_id} {_fingerprint(connection)}":
            return
    reason = (
        "which was changed after its checks"
        if audit.split(" ")[0] == build_id
        else "which has not passed its checks"
    )
    raise NotAuditedError(
        f"the warehouse holds build {build_id}, {reason}; {readers_keep(exports)}. "
        "Run the job `build`"
    )


def _fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """A digest of all that the marts are made of: the tables' rows, whatever their order, and the
    views' text. A model built by hand changes it.

    Views are not read: to name the whole Hub's rows takes ten times as long as to read the tables.
    Only those over files are, as another engine leaves them. Schema `state` is dbt's own record.
    """
    relations = connection.execute(
        """
        select schema_name, table_name, null
        from duckdb_tables()
        where database_name = 'warehouse' and schema_name != 'state'
        union all
        select schema_name, view_name, sql
        from duckdb_views()
        where database_name = 'warehouse' and not internal
        order by all
        """
    ).fetchall()
    digest = hashlib.sha256()
    for schema, name, text in relations:
        is_read = text is None or (schema == "marts" and "read_parquet(" in text)
        rows = _digest_of_rows(connection, schema, name) if is_read else ""
        digest.update(f"{schema}.{name} {text} {rows}\n".encode())
    return digest.hexdigest()


def _digest_of_rows(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str:
    return str(
        connection.execute(
            "select count(*), sum(cast(hash(relation) as hugeint)) "
            f'from warehouse."{schema}"."{name}" as relation'
        ).fetchone()
    )


def readers_keep(exports: Path) -> str:
    """What readers have while a build is not published."""
    current = current_build(exports)
    return f"readers keep build {current.name}" if current else "nothing is published yet"


def published_builds(exports: Path) -> list[PublishedBuild]:
    """The published builds that are still there, oldest first; one that somebody damaged is told,
    and no reason to build nothing any more."""
    builds = []
    for path in sorted((exports / "builds").glob("[!.]*/manifest.json")):
        name = path.parent.name
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            # Builds of earlier versions say only when they were built, a moment before.
            published = datetime.fromisoformat(manifest.get("published_at") or manifest["built_at"])
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            LOG.warning(
                "exports/builds/%s is left out: its manifest.json is damaged; remove the folder",
                name,
            )
            continue
        builds.append(PublishedBuild(name, published, manifest.get("steps", [])))
    return builds


def set_current(exports: Path, build_id: str) -> None:
    """Let exports/current lead to a build, in one step. Rolling back is the same call.

    Raises:
        FileNotFoundError: there is no such build.
    """
    # No way through other folders; and a name with a dot before it is of a build on its way.
    is_name = Path(build_id).name == build_id and build_id[:1] not in ("", ".")
    if not is_name or not (exports / "builds" / build_id / "manifest.json").exists():
        raise FileNotFoundError(f"exports/builds has no build {build_id}")
    _replace_link(exports / CURRENT, Path("builds") / build_id)
    _replace_link(exports / DATABASE, Path(CURRENT) / DATABASE)


def current_build(exports: Path) -> Path | None:
    """The real folder of the current build, or None. Who reads several files resolves it once."""
    link = exports / CURRENT
    return link.resolve() if link.exists() else None


def prune(exports: Path, keep: int = KEPT_BUILDS) -> list[str]:
    """Remove all but the newest `keep` builds and the current one; returns the ids removed."""
    builds = sorted(
        path for path in (exports / "builds").iterdir() if path.name[0] != "." and path.is_dir()
    )
    current = current_build(exports)
    removed = [path for path in builds[:-keep] if path.resolve() != current]
    for path in removed:
        shutil.rmtree(path)
    return [path.name for path in removed]


def _remove_leftovers(builds: Path) -> None:
    """A killed run leaves a partial folder, and what it spilled; the pool of one writer means that
    no one is in them. Files that an operating system leaves in folders are none of these."""
    for path in builds.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path)


def _replace_link(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach the warehouse as `warehouse`, to be read only, as `connect` opens it."""
    attach = f"attach {_text(warehouse)} as warehouse (read_only)"
    once_free(warehouse, lambda: connection.execute(attach))


def _about(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    cursor = connection.execute("select * from warehouse.marts.about")
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchall()
    if len(rows) != 1:
        raise ValueError(f"marts.about has {len(rows)} rows, not one: run dbt build again")
    return dict(zip(names, rows[0], strict=True))


def _copy_marts(
    connection: duckdb.DuckDBPyConnection, folder: Path, about: dict[str, Any]
) -> dict[str, int]:
    """All tables and views of schema marts, as tables of one database and as Parquet files.

    In the published file they stand in its default schema: whoever opens marts.duckdb then writes
    `marts.about`, as in the warehouse, or just `about`. A schema `marts` in a database `marts`
    would make `marts.about` ambiguous. Each table says in its comment, each Parquet file in its
    metadata, which build it is of and whether its data are synthetic: files get separated.
    """
    kind = f"{about['data_kind']} data, build {about['build_id']}, as of {about['as_of']}"
    database = folder / DATABASE
    connection.execute(
        f"attach {_text(database)} as published (storage_version '{STORAGE_VERSION}')"
    )
    rows = {}
    last_days = _last_days(connection) if about["data_kind"] != "synthetic" else {}
    for name in _marts(connection):
        label = ". ".join([kind, *_citations(name, last_days)])
        published = f'published.main."{name}"'
        order = f"order by {ORDER[name]}" if name in ORDER else ""
        connection.execute(f'create table {published} as from warehouse.marts."{name}" {order}')
        connection.execute(
            f"copy {published} to {_text(folder / f'{name}.parquet')} "
            f"(format parquet, compression zstd, kv_metadata {{hubtide: {_text(label)}}})"
        )
        connection.execute(f"comment on table {published} is {_text(label)}")
        rows[name] = int(connection.execute(f"select count(*) from {published}").fetchall()[0][0])
    connection.execute("detach published")
    return rows


def _marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the tables and views of schema marts."""
    rows = connection.execute(
        """
        select table_name
        from information_schema.tables
        where table_catalog = 'warehouse' and table_schema = 'marts'
        order by table_name
        """
    ).fetchall()
    return [str(row[0]) for row in rows]


def _last_days(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The newest day of each source that is loaded."""
    return dict(
        connection.execute(
            """
            select source, max(as_of)
            from warehouse.raw.loads
            where status = 'loaded'
            group by source
            """
        ).fetchall()
    )


def _citations(mart: str, last_days: dict[str, Any]) -> list[str]:
    """The citations that a mart must carry. A file travels without its manifest."""
    return [
        source.citation.format(as_of=last_days[source.name])
        for source in SOURCES
        if source.name in last_days and mart.startswith(source.cited_in)
    ]


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The sources that this build holds, with licence and citation as of their last day."""
    last_days = _last_days(connection)
    return [
        {
            "source": source.name,
            "title": source.title,
            "licence": source.licence,
            "as_of": last_days[source.name],
            "citation": source.citation.format(as_of=last_days[source.name]),
        }
        for source in SOURCES
        if source.name in last_days
    ]


def _loads(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = connection.execute(
        """
        select load_id, source, partition, sha256
        from warehouse.raw.loads
        where status = 'loaded'
        order by load_id
        """
    ).fetchall()
    names = ("load_id", "source", "partition", "sha256")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _file_entries(folder: Path) -> dict[str, dict[str, Any]]:
    entries = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = path.relative_to(folder).as_posix()
        entries[name] = {"sha256": digest, "bytes": path.stat().st_size}
    return entries


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _sync(folder: Path) -> None:
    """The content is durable before its name is: a power cut leaves the last build current."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _text(value: Path | str) -> str:
    """A path or text as a SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
