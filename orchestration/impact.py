"""What a failing check makes unsafe, and what to do: which marts hang on a table."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from orchestration.environment import dbt_target
from orchestration.sources import SOURCES

# So many names are shown; a source that everything hangs on would fill the screen.
SHOWN_MARTS = 12


def marts_below(manifest: Mapping[str, Any], unique_ids: Iterable[str]) -> list[str]:
    """Names of the marts that are, or hang on, any of these dbt nodes, by name."""
    seen: set[str] = set()
    waiting = list(unique_ids)
    while waiting:
        unique_id = waiting.pop()
        if unique_id in seen:
            continue
        seen.add(unique_id)
        waiting += manifest["child_map"].get(unique_id, [])
    nodes = [manifest["nodes"].get(unique_id, {}) for unique_id in seen]
    return sorted(
        str(node["name"])
        for node in nodes
        if node.get("resource_type") == "model" and node["fqn"][1] == "marts"
    )


def marts_of(sources: Iterable[str], manifest: Mapping[str, Any]) -> list[str]:
    """Names of the marts that hang on any table of these sources, by name."""
    wanted = set(sources)
    tables = [table for source in SOURCES if source.name in wanted for table in source.tables]
    return marts_below(manifest, [raw_table_id(table) for table in tables])


def raw_table_id(table: str) -> str:
    """dbt's id of a table of schema raw."""
    return f"source.hubtide.raw.{table}"


def shown(marts: list[str]) -> str:
    """Names in one line, with how many more there are."""
    more = f" and {len(marts) - SHOWN_MARTS} more" if len(marts) > SHOWN_MARTS else ""
    return ", ".join(marts[:SHOWN_MARTS]) + more or "none"


def advice(marts: list[str], what_to_do: str) -> dict[str, dg.MetadataValue]:
    """Metadata of a check that fails: which marts are unsafe, and what to do."""
    return {
        "unsafe marts": dg.MetadataValue.text(shown(marts)),
        "what to do": dg.MetadataValue.text(what_to_do),
    }


def advice_on(sources: Iterable[str], what_to_do: str) -> dict[str, dg.MetadataValue]:
    """The advice where all that hangs on these sources is unsafe, by the home's own manifest.

    Read only where something fails: a run that goes well has no use for it.
    """
    path = dbt_target() / "manifest.json"
    manifest = json.loads(path.read_bytes()) if path.exists() else {"nodes": {}, "child_map": {}}
    return advice(marts_of(sources, manifest), what_to_do)
