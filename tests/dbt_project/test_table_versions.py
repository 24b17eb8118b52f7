"""A build leaves alone what could only come out the same, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.loading import load_source
from tests.dbt_project.running import build, differences, edited_project
from tests.once import sample_folder

SOURCES = ("hub_stats", "files", "openrouter", "tracked_models")

# Few models take little time.
LINEAGE = ("--select", "+model_edges", "+dim_organizations")

# `about` says when it was built, and one table asks it.
TIMED = {"about", "claim_limits"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The sample, loaded and built; nobody may write to it."""
    home = Home(tmp_path_factory.mktemp("built"))
    for source in SOURCES:
        load_source(source, sample_folder(), home)
    build(home)
    return home


@pytest.fixture
def home(built: Home, tmp_path: Path) -> Home:
    return Home(shutil.copytree(built.root, tmp_path / "home"))


def _made(home: Home) -> set[str]:
    """Tables that the last command made or might have added to: not those left as they stood."""
    results = json.loads((home.root / "target" / "run_results.json").read_bytes())["results"]
    return {
        result["unique_id"].split(".")[-1]
        for result in results
        if result["unique_id"].startswith("model.") and result["message"] != "UNCHANGED"
    }


def _named(manifest: dict[str, Any], *kinds: str) -> set[str]:
    return {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] in kinds
    }


def _readers(manifest: dict[str, Any], key: str) -> set[str]:
    """Names of all that a seed or model is in."""
    found: set[str] = set()
    asked = [key]
    while asked:
        for child in manifest["child_map"][asked.pop()]:
            if child.startswith("model.") and child not in found:
                found.add(child)
                asked.append(child)
    return {child.split(".")[-1] for child in found}


def test_without_news_no_table_is_made_again(
    built: Home, home: Home, manifest: dict[str, Any]
) -> None:
    build(home)
    # Incremental models tell by themselves what to add.
    assert _made(home) - _named(manifest, "view", "incremental") == TIMED
    assert differences(home.warehouse, built.warehouse) == {}


def test_a_full_refresh_makes_a_table_all_the_same(home: Home) -> None:
    build(home, "--full-refresh", "--select", "model_edges")
    assert _made(home) == {"model_edges"}


def test_a_changed_seed_makes_what_reads_it_and_no_more(
    home: Home, tmp_path: Path, manifest: dict[str, Any]
) -> None:
    project = edited_project(
        tmp_path / "project", organizations=lambda text: text.replace(",china,", ",us,", 1)
    )
    build(home, *LINEAGE, project=project)
    tables = _made(home) & _named(manifest, "table")
    assert "dim_organizations" in tables
    assert tables <= _readers(manifest, "seed.hubtide.organizations")
    assert "model_edges" not in tables


def test_a_table_that_comes_out_the_same_is_the_end_of_a_change(
    home: Home, tmp_path: Path, manifest: dict[str, Any]
) -> None:
    project = edited_project(tmp_path / "project")
    model = project / "models" / "buckets" / "model_identities.sql"
    model.write_text(model.read_text("utf-8") + "where true\n", "utf-8")
    build(home, *LINEAGE, project=project)
    assert _made(home) & _named(manifest, "table") == {"model_identities"}


def test_a_view_that_says_something_else_is_noticed_behind_it(home: Home, tmp_path: Path) -> None:
    """The table stands two views behind what is changed."""
    project = edited_project(tmp_path / "project")
    model = project / "models" / "staging" / "hub_stats" / "stg_hub_stats__metadata.sql"
    model.write_text(model.read_text("utf-8") + "where base_models is null\n", "utf-8")
    before = _edges(home)
    build(home, *LINEAGE, project=project)
    assert _edges(home) < before
    build(home, *LINEAGE)
    assert _edges(home) == before


def test_a_type_of_the_contract_is_checked_though_the_sql_is_the_same(
    home: Home, tmp_path: Path
) -> None:
    project = edited_project(tmp_path / "project")
    contract = project / "models" / "marts" / "lineage_edges.yml"
    text = contract.read_text("utf-8")
    contract.write_text(text.replace("data_type: boolean", "data_type: date", 1), "utf-8")
    with pytest.raises(AssertionError, match="contract"):
        build(home, "--select", "lineage_edges", project=project)


def test_where_no_versions_are_kept_every_table_is_made(home: Home, tmp_path: Path) -> None:
    """As in DuckLake, which has the same adapter under another target."""
    project = edited_project(tmp_path / "project")
    profiles = project / "profiles.yml"
    text = profiles.read_text("utf-8")
    profiles.write_text(text.replace("    duckdb:\n", "    elsewhere:\n", 1), "utf-8")
    for _ in range(2):
        build(home, "--select", "model_edges", "--target", "elsewhere", project=project)
        assert _made(home) == {"model_edges"}


def test_a_dropped_table_is_made_again(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop table marts.crossovers")
    build(home, "--select", "crossovers")
    assert _made(home) == {"crossovers"}


def test_a_build_of_one_model_sees_what_was_loaded_since(home: Home) -> None:
    """The views between were not made anew; what they show is other rows all the same."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from raw.hub_stats_metadata where base_models is not null")
    build(home, "--select", "model_edges")
    assert _made(home) == {"model_edges"}
    build(home, "--select", "model_edges")
    assert _made(home) == set()


def _edges(home: Home) -> int:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        ((edges,),) = connection.execute("select count(*) from lineage.model_edges").fetchall()
    return int(edges)
