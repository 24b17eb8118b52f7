"""The project's compiled models, run on one random hub after another in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from extract.home import Home
from extract.warehouse import SCHEMA
from tests.dbt_project.running import dbt
from tests.reference.hubs import VARIABLES, Hub, Scopes, write

MARTS = (
    "fct_model_downloads_daily",
    "model_downloads_monthly",
    "region_downloads_monthly",
    "org_downloads_monthly",
    "family_downloads_monthly",
    "bucket_downloads_monthly",
    "relative_adoption",
    "relative_adoption_now",
    "relative_adoption_active",
    "release_adoption",
    "lineage_edges",
    "lineage_closure",
    "lineage_roots",
    "model_descendants",
    "derivatives_monthly",
)


@dataclass(frozen=True)
class Project:
    """Statements that create the marts and what they need, in order of dependency.

    Parsed once: with few rows that is a sixth of a hub's time.
    """

    schema: tuple[duckdb.Statement, ...] = field(repr=False)
    models: tuple[duckdb.Statement, ...] = field(repr=False)

    @classmethod
    def compiled(cls, root: Path) -> Project:
        """Compile the project against a warehouse without tables: everything in full."""
        home = Home(root)
        home.root.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(home.warehouse)) as con:
            con.execute(SCHEMA.read_text(encoding="utf-8"))
        dbt(home, "compile", "--vars", json.dumps(VARIABLES))
        manifest = json.loads((home.root / "target" / "manifest.json").read_bytes())
        schema, models = _statements(manifest["nodes"])
        return cls(_parsed(SCHEMA.read_text(encoding="utf-8"), *schema), _parsed(*models))

    def run(self, hub: Hub, scopes: Scopes | None = None) -> duckdb.DuckDBPyConnection:
        """A new warehouse in memory with the marts of a hub; to be closed."""
        con = duckdb.connect(":memory:", config={"threads": 1})
        con.execute("attach ':memory:' as warehouse; use warehouse; set TimeZone = 'UTC'")
        for statement in self.schema:
            con.execute(statement)
        con.execute("begin")
        write(con, hub, scopes)
        con.execute("commit")
        for statement in self.models:
            con.execute(statement)
        return con


def _parsed(*texts: str) -> tuple[duckdb.Statement, ...]:
    return tuple(statement for text in texts for statement in duckdb.extract_statements(text))


def _statements(nodes: dict[str, Any]) -> tuple[list[str], list[str]]:
    order: dict[str, dict[str, Any]] = {}

    def visit(key: str) -> None:
        if key in order or key not in nodes:
            return
        for parent in nodes[key]["depends_on"].get("nodes", []):
            visit(parent)
        order[key] = nodes[key]

    for mart in MARTS:
        visit(f"model.hubtide.{mart}")
    seeds, models, schemas = [], [], {"marts"}
    for node in order.values():
        schemas.add(node["schema"])
        relation = f"{node['schema']}.{node['name']}"
        if node["resource_type"] == "seed":
            types = node["config"]["column_types"]
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            seeds.append(f"create table {relation} ({columns})")
        else:
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            models.append(f"create {kind} {relation} as {node['compiled_code']}")
    return [*(f"create schema {name}" for name in sorted(schemas)), *seeds], models
