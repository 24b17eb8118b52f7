"""A build's data dictionary: its tables, what each column means, how it is tested and computed.

Descriptions, tests and lineage are dbt's manifest's; which tables and columns there are, of which
type, and how many rows they hold, is the published file's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup, escape

TEMPLATES = Path(__file__).with_name("templates")

Node = Mapping[str, Any]


def dictionary(manifest: Node, database: Path) -> dict[str, Any]:
    """The dictionary of a published file, ready for JSON.

    `tables` are the published ones; `models` is what they are computed from: seeds, sources and
    working models, each with its layer. Names in `depends_on` and `upstream` are of either.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    with duckdb.connect(str(database.resolve()), read_only=True) as connection:
        about = _records(connection, "select * from about")[0]
        shapes = _shapes(connection)
        rows = {
            name: connection.execute(f'select count(*) from "{name}"').fetchall()[0][0]
            for name in shapes
        }
    published = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] in shapes and node["schema"] == "marts"
    }
    tests = _tests(manifest)
    rules = _rules(manifest)
    tables = []
    for name, columns in shapes.items():
        node = published.get(name, {})
        unique_id = str(node.get("unique_id", ""))
        described = node.get("columns", {})
        tables.append(
            {
                "name": name,
                **_described(node),
                "rows": rows[name],
                "file": f"{name}.parquet",
                "columns": [
                    {
                        "name": column,
                        "type": kind,
                        "description": _line(described.get(column, {}).get("description", "")),
                    }
                    for column, kind in columns
                ],
                "tests": tests.get(unique_id, []),
                "rules": rules.get(name, []),
                "depends_on": _names(nodes, node.get("depends_on", {}).get("nodes", [])),
                "upstream": _names(nodes, _upstream(manifest, unique_id)),
            }
        )
    behind = {name for table in tables for name in table["upstream"]} - set(shapes)
    models = [
        {
            "name": _name(node),
            "layer": _layer(node),
            **_described(node),
            "tests": tests.get(unique_id, []),
            "rules": rules.get(node["name"], []),
            "depends_on": _names(nodes, node.get("depends_on", {}).get("nodes", [])),
        }
        for unique_id, node in nodes.items()
        if node["resource_type"] in ("model", "seed", "source") and _name(node) in behind
    ]
    models.sort(key=lambda model: (model["layer"], model["name"]))
    return {"build": about, "tables": tables, "models": models}


def dictionary_page(content: Mapping[str, Any]) -> str:
    """The dictionary as one page that needs no other file and no network."""
    layers: dict[str, list[Any]] = {}
    for model in content["models"]:
        layers.setdefault(model["layer"], []).append(model)
    template = environment().get_template("dictionary.html.j2")
    known = {entry["name"] for entry in [*content["tables"], *content["models"]]}
    return template.render(**content, layers=layers, known=known)


def environment() -> jinja2.Environment:
    """Templates of this package: HTML is escaped, a name that is not there is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = _prose
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment


def _described(node: Node) -> dict[str, str]:
    """A description and its first sentence, which for a mart is the grain."""
    description = str(node.get("description") or "").strip()
    first = re.split(r"(?<=\.)\s", _line(description), maxsplit=1)[0]
    return {"grain": first, "description": description}


def _shapes(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Columns and types of each table, in the order in which they stand."""
    shapes: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        """
        select table_name, column_name, lower(data_type)
        from duckdb_columns()
        where not internal
        order by table_name, column_index
        """
    ).fetchall():
        shapes.setdefault(table, []).append((column, kind))
    return shapes


def _tests(manifest: Node) -> dict[str, list[dict[str, str]]]:
    """The data tests of each node, those of one column named after it."""
    tests: dict[str, list[dict[str, str]]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        entries = [
            {
                "name": title,
                "severity": str(node["config"]["severity"]).lower(),
                "description": _line(node.get("description") or ""),
            }
            for title in _test_titles(node)
        ]
        attached = node.get("attached_node")
        for unique_id in [attached] if attached else node["depends_on"]["nodes"]:
            tests.setdefault(unique_id, []).extend(entries)
    for entries in tests.values():
        entries.sort(key=lambda entry: entry["name"])
    return tests


def _test_titles(node: Node) -> list[str]:
    """What a test checks: `org: relationships(…)`, or its own name. Of a grain with values
    `grain(model_id), never null: org` and `region: accepted_values(us, china)`."""
    metadata = node.get("test_metadata")
    if not metadata:
        return [str(node["name"])]
    arguments = metadata["kwargs"]
    values = arguments.get("values", {})
    shown = [
        str(item)
        for name, value in arguments.items()
        if name in ("columns", "values", "to", "field") and not isinstance(value, dict)
        for item in (value if isinstance(value, list) else [value])
    ]
    title = metadata["name"] + (f"({', '.join(shown)})" if shown else "")
    if never_null := arguments.get("never_null"):
        title += f", never null: {', '.join(never_null)}"
    return [
        f"{node['column_name']}: {title}" if node.get("column_name") else title,
        *(
            f"{column}: accepted_values({', '.join(accepted)})"
            for column, accepted in (values.items() if isinstance(values, dict) else ())
        ),
    ]


def _rules(manifest: Node) -> dict[str, list[dict[str, str]]]:
    """The unit tests of each model: a rule by name, and the rows that prove it in words."""
    rules: dict[str, list[dict[str, str]]] = {}
    for node in manifest["unit_tests"].values():
        entry = {
            "name": str(node["name"]).replace("_", " "),
            "description": _line(node.get("description") or ""),
        }
        rules.setdefault(node["model"], []).append(entry)
    for entries in rules.values():
        entries.sort(key=lambda entry: entry["name"])
    return rules


def _upstream(manifest: Node, unique_id: str) -> set[str]:
    """Everything that a node is computed from."""
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        parents = set(manifest["parent_map"].get(waiting.pop(), [])) - found
        found |= parents
        waiting.extend(parents)
    return found


def _names(nodes: Node, unique_ids: Iterable[str]) -> list[str]:
    return sorted(_name(nodes[unique_id]) for unique_id in unique_ids if unique_id in nodes)


def _name(node: Node) -> str:
    return f"raw.{node['name']}" if node["resource_type"] == "source" else str(node["name"])


def _layer(node: Node) -> str:
    """The order of layers is that of the data: sources, seeds, staging, working models."""
    if node["resource_type"] == "source":
        return "raw"
    return "seeds" if node["resource_type"] == "seed" else str(node["schema"])


def _line(text: str) -> str:
    return " ".join(text.split())


def _prose(text: str) -> Markup:
    """A description as HTML: escaped, `code` marked, a blank line parts paragraphs."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        escaped = str(escape(_line(paragraph)))
        paragraphs.append(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))
    return Markup("<br>".join(paragraphs))  # noqa: S704 - every part has been escaped above


def _records(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    cursor = connection.execute(query, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
