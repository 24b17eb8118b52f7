"""Two copies of the marts compared row for row: DuckDB's and another engine's, as Parquet files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Doubles may differ by this much of their size (or of 1, where they are smaller): engines sum in
# another order, and their logarithms differ in the last bit. Everything else must be the same.
TOLERANCE = 1e-9

# What says when and by which build a table was made: different by its nature.
OF_THE_BUILD = ("built_at", "build_id", "commit")


@dataclass(frozen=True)
class Mart:
    """A public table: its name and the columns that identify a row (none: it has one row)."""

    name: str
    grain: tuple[str, ...]


def marts_of(manifest: Path) -> list[Mart]:
    """The public tables of dbt's manifest, with the grain that their data test states."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    grains = {
        node["attached_node"]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in nodes
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "grain"
    }
    return sorted(
        (
            Mart(node["name"], grains.get(node["unique_id"], ()))
            for node in nodes
            if node["resource_type"] == "model" and node["schema"] == "marts"
        ),
        key=lambda mart: mart.name,
    )


def differences(
    warehouse: Path, files: Mapping[str, str], marts: Sequence[Mart]
) -> tuple[dict[str, int], list[str]]:
    """Rows of each mart, and one line for each way in which the two copies differ.

    `warehouse` is the DuckDB file with schema `marts`; `files` gives each mart's Parquet files of
    the other engine, as a glob.
    """
    rows: dict[str, int] = {}
    found: list[str] = []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        for mart in marts:
            rows[mart.name], lines = _compare(connection, mart, files[mart.name])
            found += [f"{mart.name}: {line}" for line in lines]
    return rows, found


def _compare(
    connection: duckdb.DuckDBPyConnection, mart: Mart, files: str
) -> tuple[int, list[str]]:
    connection.execute(f"create or replace temp view ours as from warehouse.marts.{mart.name}")
    connection.execute(
        f"create or replace temp view theirs as from read_parquet('{files}', "
        "hive_partitioning = false)"
    )
    types = {view: _types(connection, view) for view in ("ours", "theirs")}
    if types["ours"] != types["theirs"]:
        return 0, [f"other columns: {sorted(types['ours'].items() ^ types['theirs'].items())}"]
    doubles = [name for name, kind in types["ours"].items() if kind == "DOUBLE"]
    exact = ", ".join(
        name for name in types["ours"] if name not in doubles and name not in OF_THE_BUILD
    )
    count = _number(connection, "select count(*) from ours")
    lines = []
    for one, other in (("ours", "theirs"), ("theirs", "ours")):
        rest = connection.execute(
            f"select {exact} from {one} except all select {exact} from {other}"
        ).fetchall()
        if rest:
            lines.append(f"{len(rest)} of {count} rows only in {one}, the first {rest[0]}")
    condition = " and ".join(f"ours.{name} = theirs.{name}" for name in mart.grain) or "true"
    for name in doubles:
        unequal = connection.execute(
            f"select ours.{name}, theirs.{name}, {_keys(mart)} "
            f"from ours inner join theirs on {condition} "
            f"where (ours.{name} is null) <> (theirs.{name} is null) "
            f"or abs(ours.{name} - theirs.{name}) "
            f"> {TOLERANCE} * greatest(1, abs(ours.{name}), abs(theirs.{name}))"
        ).fetchall()
        if unequal:
            lines.append(f"{name} differs in {len(unequal)} of {count} rows, first {unequal[0]}")
    return count, lines


def _keys(mart: Mart) -> str:
    return ", ".join(f"ours.{name}" for name in mart.grain) or "''"


def _types(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe {view}").fetchall()}


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
