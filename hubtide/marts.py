"""A published file, opened for reading: its tables, what build it is, and names near to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

# As orchestration/publishing.py names the file of a build.
DATABASE = "marts.duckdb"

# Jaro-Winkler similarity from which a name is near another: below, hardly a letter is shared.
NEAR = 0.75

Record = dict[str, Any]
Parameters = Sequence[Any] | dict[str, Any]


class MartsError(Exception):
    """The file cannot be read as published marts; the message is one line."""


@dataclass(frozen=True)
class Marts:
    """The tables of one build. `about` is its row of the table `about`."""

    connection: duckdb.DuckDBPyConnection
    about: Record

    def records(self, query: str, parameters: Parameters = ()) -> list[Record]:
        """The rows of a query, each as a dict by column.

        Raises MartsError where the build has not what is asked for: earlier ones have less.
        """
        try:
            return _records(self.connection, query, parameters)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            line = " ".join(str(error).split("\n")[0].split())
            raise MartsError(
                f"build {self.about.get('build_id')} was published by an earlier version, which "
                f"did not have all of this ({line})"
            ) from None

    def record(self, query: str, parameters: Parameters = ()) -> Record | None:
        """The first row of a query, or None."""
        rows = self.records(query, parameters)
        return rows[0] if rows else None

    def has(self, table: str) -> bool:
        """Whether this build holds a table: earlier builds hold fewer."""
        found = self.connection.execute(
            "select 1 from duckdb_tables() where table_name = ?", [table]
        ).fetchall()
        return bool(found)

    def citation(self, table: str) -> str:
        """What must be said wherever figures of a table are shown; empty where nothing must.

        Publishing writes it into the table's comment, after the build that the table is of.
        """
        rows = self.connection.execute(
            "select comment from duckdb_tables() where table_name = ?", [table]
        ).fetchall()
        return str(rows[0][0] or "").partition(". ")[2] if rows else ""


@contextmanager
def open_marts(file: Path) -> Iterator[Marts]:
    """A published file, whatever its name is, resolved once and opened for reading.

    Raises:
        MartsError: there is no such file, or it holds no published marts.
    """
    # A link may lead to the next build while this one is read: follow it once.
    real = file.expanduser().resolve()
    if not real.is_file():
        raise MartsError(
            f"there is no published file {file.name}: run `make run` or `make import DIR=…` first, "
            "or say where it is with HUBTIDE_HOME (`sample` after `make run`) or --marts FILE"
        )
    with duckdb.connect() as connection:
        path = str(real).replace("'", "''")
        try:
            connection.execute(f"attach '{path}' as marts (read_only)")
            # `about` and `marts.about` are then the same table, as in every published file.
            connection.execute("use marts")
            about = _records(connection, "select * from about")
        except duckdb.Error as error:
            # DuckDB names the file with its folders.
            line = " ".join(str(error).replace(str(real), file.name).split())
            raise MartsError(f"{file.name} is no published file of marts: {line}") from None
        if len(about) != 1:
            raise MartsError(
                f"{file.name} is no published file of marts: about has {len(about)} rows"
            )
        yield Marts(connection, about[0])


def find_model(marts: Marts, name: str) -> str | None:
    """The name of a model as the marts spell it, or None."""
    return _spelled(marts, "dim_models", "model_id", name)


def find_organization(marts: Marts, name: str) -> str | None:
    """The name of an organisation as the marts spell it, or None."""
    return _spelled(marts, "dim_organizations", "org", name)


def near_names(marts: Marts, name: str, limit: int = 5) -> list[str]:
    """Names of models and organisations that look like `name`, the nearest first.

    A name without its organisation finds models too: `Qwen3-8B` finds `Qwen/Qwen3-8B`.
    """
    names = marts.records(
        """
        with names as (
            select model_id as name, downloads_all_time as downloads from dim_models
            union all
            select org as name, downloads_all_time as downloads from dim_organizations
        ),

        compared as (
            select
                name,
                downloads,
                greatest(
                    jaro_winkler_similarity(lower(name), lower($name)),
                    case
                        when not contains($name, '/')
                            then jaro_winkler_similarity(
                                lower(split_part(name, '/', -1)), lower($name)
                            )
                        else 0
                    end
                ) as similarity
            from names
        )

        select name
        from compared
        where similarity >= $near
        order by similarity desc, downloads desc nulls last, name
        limit $limit
        """,
        {"name": name, "near": NEAR, "limit": limit},
    )
    return [str(row["name"]) for row in names]


def _spelled(marts: Marts, table: str, column: str, name: str) -> str | None:
    """The Hub takes names without regard to case, and so does this, if only one name fits."""
    rows = marts.records(
        f"select {column} as name from {table} where lower({column}) = lower(?)", [name]
    )
    names = [str(row["name"]) for row in rows]
    if name in names:
        return name
    return names[0] if len(names) == 1 else None


def _records(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Parameters = (),
) -> list[Record]:
    cursor = connection.execute(query, parameters or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
