"""The page of public tables and the marts of the project are the same tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from orchestration.environment import DBT_PROJECT_DIR

PAGE = DBT_PROJECT_DIR.parent / "docs" / "tables.md"
HEADS = ("| table |", "|---|")

# The table of one row has no columns that tell rows apart; its key is the build.
ONE_ROW = "about"


@dataclass(frozen=True)
class PublicTable:
    """A row of the page."""

    name: str
    grain: tuple[str, ...]
    columns: tuple[str, ...]
    purpose: str


def public_tables() -> Iterator[PublicTable]:
    """What the page promises."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith(HEADS):
            name, grain, columns, purpose = line.strip("| ").split(" | ")
            names = re.findall(r"`(\w+)`", grain)
            yield PublicTable(
                name.strip("`"), tuple(names), tuple(re.findall(r"`(\w+)`", columns)), purpose
            )


TABLES = list(public_tables())


@pytest.fixture(scope="module")
def marts(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models of schema marts by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


@pytest.fixture(scope="module")
def grains(manifest: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Columns of each model's `grain` test, by the model's unique id."""
    return {
        node["attached_node"]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata", {}).get("name") == "grain"
        and node["attached_node"]
    }


def listed(names: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def test_the_page_has_every_mart_once(marts: dict[str, dict[str, Any]]) -> None:
    assert sorted(table.name for table in TABLES) == sorted(marts)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_keeps_its_promise(
    table: PublicTable,
    marts: dict[str, dict[str, Any]],
    grains: dict[str, tuple[str, ...]],
) -> None:
    assert table.name in marts
    node = marts[table.name]
    assert table.columns
    assert table.purpose
    assert node["contract"]["enforced"]
    described = {name for name, column in node["columns"].items() if column["description"].strip()}
    assert set(table.grain) | set(table.columns) <= described
    assert all(node["columns"][name]["data_type"] for name in described)
    if table.name == ONE_ROW:
        assert table.grain == ()
        assert grains[node["unique_id"]] == ("build_id",)
        assert node["description"].startswith("One row about the build.")
        return
    assert grains[node["unique_id"]] == table.grain
    first_line = node["description"].splitlines()[0]
    assert re.match(rf"One row per (tracked )?{re.escape(listed(table.grain))}\b", first_line)
