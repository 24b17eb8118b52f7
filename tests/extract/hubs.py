"""Small Hubs for tests: snapshot files written from plain records, and `raw` read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

COLUMNS = {
    "_id": "VARCHAR",
    "id": "VARCHAR",
    "author": "VARCHAR",
    "createdAt": "TIMESTAMP",
    "lastModified": "TIMESTAMP",
    "downloads": "BIGINT",
    "downloadsAllTime": "BIGINT",
    "likes": "BIGINT",
    "trendingScore": "DOUBLE",
    "tags": "VARCHAR[]",
    "cardData": "VARCHAR",
    "safetensors": "STRUCT(parameters STRUCT(BF16 BIGINT, F32 BIGINT), total BIGINT)",
    "gguf": "VARCHAR",
    "baseModels": "STRUCT(relation VARCHAR, models STRUCT(_id VARCHAR, id VARCHAR)[])",
    "pipeline_tag": "VARCHAR",
    "library_name": "VARCHAR",
}

# What differs between two loads of the same content, by table.
VOLATILE = {
    "load_id", "name_key", "started_at", "finished_at", "rejected_at", "sha256",
}  # fmt: skip

Record = Mapping[str, Any]


def model(model_id: str, downloads: int = 1, **values: Any) -> dict[str, Any]:
    """A record with every counter filled."""
    return {
        "id": model_id,
        "createdAt": "2025-01-01 00:00:00",
        "downloads": downloads,
        "downloadsAllTime": downloads * 10,
        "likes": 1,
        "tags": ["license:mit"],
        **values,
    }


def write_snapshot(
    path: Path, records: Sequence[Record], columns: Mapping[str, str] | None = None
) -> Path:
    """Write records as a Parquet file with hub-stats' columns (or those given)."""
    columns = {name: COLUMNS[name] for name in COLUMNS if name != "_id"} | dict(columns or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.with_suffix(".jsonl")
    lines.write_text("".join(json.dumps(dict(record)) + "\n" for record in records))
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * from read_json('{lines}', columns = {{{types}}}, "
            f"format = 'newline_delimited')) to '{path}' (format parquet)"
        )
    lines.unlink()
    return path


def write_manifest(root: Path, rows: Iterable[tuple[str, str, int, str]]) -> None:
    """Write manifest.csv: file, as_of, days_early, scope."""
    lines = ["file,as_of,days_early,scope"]
    lines += [",".join(map(str, row)) for row in rows]
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")


def write_hub(root: Path, days: Mapping[date, Sequence[Record]], scope: str = "hub") -> Path:
    """An import folder with one snapshot a day."""
    for day, records in days.items():
        write_snapshot(root / "hub_stats" / f"{day}.parquet", records)
    write_manifest(root, [(f"hub_stats/{day}.parquet", "", 0, scope) for day in days])
    return root


def dump(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of `raw`, names in place of keys, without what differs between two loads."""
    tables: dict[str, list[tuple[Any, ...]]] = {}
    for (table,) in con.execute(
        "select table_name from duckdb_tables() where schema_name = 'raw'"
    ).fetchall():
        columns = [
            row[0]
            for row in con.execute(
                "select column_name from duckdb_columns() where schema_name = 'raw' "
                "and table_name = ? order by column_index",
                [table],
            ).fetchall()
        ]
        kept = [f't."{name}"' for name in columns if name not in VOLATILE]
        join = ""
        if "name_key" in columns and table != "model_names":
            kept = ["n.hub_oid", "n.model_id", *kept]
            join = "inner join raw.model_names as n on n.name_key = t.name_key"
        where = "where t.status = 'loaded'" if table == "loads" else ""
        rows = con.execute(
            f"select {', '.join(kept)} from raw.{table} as t {join} {where}"
        ).fetchall()
        tables[table] = sorted(rows, key=repr)
    return tables


def rows_of(con: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Fetch all rows of a query."""
    return con.execute(query, list(values)).fetchall()
