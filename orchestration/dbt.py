"""The dbt project as Dagster sees it: manifest, translator, arguments, and the first failure."""

import json
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject
from packaging.version import Version

from orchestration.environment import DBT_PROJECT_DIR, dbt_target
from orchestration.manifest import one_line, parse_if_stale

OWNERS = ["team:hubtide"]


class OfflineDbtCli(DbtCliResource):
    """DbtCliResource without `dbt --version`, which asks the package registry for updates."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))


class LayerTranslator(DagsterDbtTranslator):
    """dbt nodes as assets: grouped by layer, which is the first folder below models/."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The base class's spec with group, owners and the description alone.

        The base class appends each model's SQL to its description, and lists of assets show it.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        return spec.replace_attributes(
            group_name=layer(node), owners=OWNERS, description=str(node["description"]).strip()
        )


def layer(node: Mapping[str, Any]) -> str:
    """The layer of a dbt node: raw for sources, seeds, or the first folder below models/."""
    if node["resource_type"] == "source":
        return "raw"
    if node["resource_type"] == "seed":
        return "seeds"
    return str(node["fqn"][1])


def load_project() -> DbtProject:
    """The dbt project with a manifest that fits its files; parses when it does not.

    Raises:
        ManifestError: dbt cannot parse the project; the message is one line.
    """
    project = DbtProject(DBT_PROJECT_DIR, target_path=dbt_target())
    parse_if_stale(project.project_dir, project.target_path)
    return project


def build_arguments(full_refresh: bool = False) -> list[str]:
    """Arguments of the one dbt invocation of a run.

    Unit tests are left out: they need a database of their own (tests/dbt_project).
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    return [*arguments, "--full-refresh"] if full_refresh else arguments


def first_failure(run_results: Mapping[str, Any], manifest: Mapping[str, Any]) -> str | None:
    """One line on the first node or test that failed, in the order in which dbt finished them."""
    for result in run_results["results"]:
        if result["status"] in ("error", "fail", "runtime error"):
            node = manifest["nodes"].get(result["unique_id"], {})
            return f"dbt {_node_title(result['unique_id'], node)} failed: " + one_line(
                str(result["message"] or result["status"])
            )
    return None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def _node_title(unique_id: str, node: Mapping[str, Any]) -> str:
    kind = unique_id.split(".", 1)[0]
    name = node.get("name") or unique_id.rsplit(".", 1)[-1]
    if kind == "test":
        column = f".{node['column_name']}" if node.get("column_name") else ""
        attached = (node.get("attached_node") or "").rsplit(".", 1)[-1]
        return f"test {name}" + (f" on {attached}{column}" if attached else "")
    schema = node.get("schema")
    return f"{kind} {schema}.{name}" if schema else f"{kind} {name}"
