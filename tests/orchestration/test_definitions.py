"""What Dagster loads: assets with owners, groups and descriptions, edges without a gap."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from extract.live import LIVE
from extract.loading import SOURCES as LOADERS
from orchestration import dbt, engine
from orchestration.defs.dbt_models import dbt_models_assets
from orchestration.defs.deadlines import published_deadline
from orchestration.defs.published import published_asset
from orchestration.environment import DBT_PROJECT_DIR, dbt_target, prepare
from orchestration.manifest import parse_if_stale
from orchestration.sources import LEDGER_TABLES, SOURCES
from tests.once import lend_parsed

LAYERS = {
    "staging", "buckets", "adoption", "lineage", "inference", "dominance", "published", "marts",
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    before = dict(os.environ)
    for name in ("DAGSTER_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH", "HUBTIDE_SCHEDULES"):
        os.environ.pop(name, None)
    os.environ["HUBTIDE_HOME"] = str(tmp_path_factory.mktemp("definitions"))
    lend_parsed(prepare().root, dbt_target())
    from orchestration.definitions import defs

    yield defs
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def manifest(definitions: dg.Definitions) -> dict[str, Any]:
    return dbt.read_json(dbt_target() / "manifest.json")


def test_definitions_are_valid(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert {job.name for job in definitions.jobs or ()} == {
        "sample",
        "fetch",
        "build",
        "watch",
        "live",
        "backfill",
    }


def test_every_asset_has_owner_description_group_and_kind(
    specs: dict[dg.AssetKey, dg.AssetSpec],
) -> None:
    for key, spec in specs.items():
        assert spec.owners, key
        assert (spec.description or "").strip(), key
        assert spec.group_name in LAYERS | {"landed", "raw", "seeds", "exports"}, key
        assert spec.kinds, key


def test_every_staging_model_hangs_on_an_asset_that_loads_its_source(
    specs: dict[dg.AssetKey, dg.AssetSpec], manifest: dict[str, Any]
) -> None:
    staging = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "staging"
    ]
    assert staging
    for node in staging:
        parents = {dep.asset_key for dep in specs[dg.AssetKey(["staging", node["name"]])].deps}
        for unique_id in node["depends_on"]["nodes"]:
            if unique_id.startswith("source."):
                source = dg.AssetKey(["raw", manifest["sources"][unique_id]["name"]])
                assert source in parents, node["name"]
                assert source in specs, source


def test_every_raw_table_is_loaded_by_one_asset(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    tables = {key.path[-1] for key in specs if key.path[0] == "raw"}
    named = [table for source in SOURCES for table in source.tables]
    assert sorted([*named, *LEDGER_TABLES]) == sorted(tables)


def test_sources_are_those_that_extract_loads() -> None:
    assert {source.name for source in SOURCES} == set(LOADERS)


def test_whatever_opens_the_warehouse_is_in_the_writers_pool(definitions: dg.Definitions) -> None:
    pools = {
        asset.node_def.name: asset.node_def.pool
        for asset in definitions.resolve_asset_graph().assets_defs
        if asset.is_executable and hasattr(asset.node_def, "pool")
    }
    assert pools.pop("sample_snapshots") is None
    # Fetching opens no warehouse: it may take an hour, and nobody waits for it.
    assert [pools.pop(f"landed__{name}") for name in LIVE] == [None] * len(LIVE)
    assert len(pools) >= len(SOURCES) + 3
    assert set(pools.values()) == {engine.WRITER_POOL}


def test_what_is_fetched_is_loaded(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for source in SOURCES:
        for table in source.tables:
            parents = {dep.asset_key for dep in specs[dg.AssetKey(["raw", table])].deps}
            fetched = dg.AssetKey(["landed", source.name])
            assert (fetched in parents) == (source.name in LIVE)


def test_publishing_waits_for_every_mart(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    marts = {key for key, spec in specs.items() if spec.group_name == "marts"}
    published = specs[dg.AssetKey(["exports", "current"])]
    assert {dep.asset_key for dep in published.deps} == marts
    assert dg.AssetKey(["marts", "about"]) in marts
    # The dashboard is of the build that is published with it, by the same step.
    site = specs[dg.AssetKey(["exports", "dashboard"])]
    assert {dep.asset_key for dep in site.deps} == {published.key}
    assert site.group_name == published.group_name == "exports"


def test_with_schedules_the_marts_and_the_copy_have_the_evening_as_deadline(
    definitions: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(spec.freshness_policy for spec in definitions.resolve_all_asset_specs())
    monkeypatch.setenv("HUBTIDE_SCHEDULES", "on")
    assets = (dbt_models_assets(dbt.load_project()), published_asset([]))
    found = {spec.key: spec.freshness_policy for asset in assets for spec in asset.specs}
    held = {key for key, policy in found.items() if policy is not None}
    assert held == {key for key in found if key.path[0] in ("marts", "exports")}
    assert {policy for policy in found.values() if policy} == {published_deadline()}


def test_models_are_grouped_by_their_first_folder(
    specs: dict[dg.AssetKey, dg.AssetSpec], manifest: dict[str, Any]
) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            key = dg.AssetKey([node["config"]["schema"], node["name"]])
            folder = Path(node["original_file_path"]).parts[1]
            assert specs[key].group_name == folder


def test_dbt_tests_are_asset_checks(definitions: dg.Definitions, manifest: dict[str, Any]) -> None:
    checks = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    attached = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node")
    }
    assert attached
    assert attached <= checks
    assert {"every_record_is_accounted_for", "few_rejects"} <= checks


def test_import_reads_its_folder_and_leaves_the_sample_out(definitions: dg.Definitions) -> None:
    from orchestration.cli import import_config

    job = definitions.resolve_job_def("build")
    nodes = {node.name for node in job.nodes}
    assert "sample_snapshots" not in nodes
    assert set(import_config(Path("/somewhere"))["ops"]) <= nodes


def test_a_manifest_is_written_once_and_again_when_a_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    model = project / "models" / "one.sql"
    model.write_text("select 1")
    calls = []

    def parse(command: list[str], **_options: Any) -> Any:
        calls.append(command)
        (tmp_path / "target" / "manifest.json").write_text(json.dumps({}))
        return type("Done", (), {"returncode": 0, "stdout": "", "stderr": ""})()

    monkeypatch.setattr("subprocess.run", parse)
    assert parse_if_stale(project, tmp_path / "target")
    assert not parse_if_stale(project, tmp_path / "target")
    model.unlink()
    assert parse_if_stale(project, tmp_path / "target")
    assert len(calls) == 2


def test_arguments_leave_unit_tests_out() -> None:
    assert dbt.build_arguments() == ["build", "--exclude-resource-type", "unit_test"]
    assert dbt.build_arguments(full_refresh=True)[-1] == "--full-refresh"
    assert (DBT_PROJECT_DIR / "dbt_project.yml").exists()
