"""The dbt project as Dagster sees it: manifest, translator, arguments, and the first failure."""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_invocation import DbtCliInvocation
from packaging.version import Version

from extract.warehouse import connect
from orchestration.environment import DBT_PROJECT_DIR, dbt_target
from orchestration.manifest import parse_if_stale, said_by_dbt
from orchestration.waiting_dbt import WaitingDbt

OWNERS = ["team:hubtide"]


class OfflineDbtCli(DbtCliResource):
    """DbtCliResource without `dbt --version`, which asks the package registry for updates."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """None: a connection of Dagster's own costs two seconds, and nobody asks it."""


def give(
    waiting: WaitingDbt, arguments: Sequence[str], context: dg.AssetExecutionContext, target: Path
) -> DbtCliInvocation:
    """What `DbtCliResource.cli` does, with a dbt that has parsed and waits for its command."""
    asked = get_updated_cli_invocation_params_for_context(context, {}, DagsterDbtTranslator())
    assert asked.dbt_project is not None  # noqa: S101  (dbt_models_assets names it)
    process = waiting.run(
        [*arguments, *asked.selection_args], {**os.environ, "DBT_LOG_FORMAT": "json"}
    )
    return DbtCliInvocation(
        process=process,
        manifest=asked.manifest,
        dagster_dbt_translator=asked.dagster_dbt_translator,
        project_dir=Path(asked.dbt_project.project_dir),
        target_path=target,
        raise_on_error=False,
        cli_version=Version(installed_version("dbt-core")),
        project=asked.dbt_project,
        context=context,
    )


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


def first_failure(
    run_results: Mapping[str, Any], manifest: Mapping[str, Any], warehouse: Path | None = None
) -> str | None:
    """One line on the first node or test that failed, in the order in which dbt finished them.

    With the warehouse (which nobody else may hold), of a `grain` also what it found broken.
    """
    for result in run_results["results"]:
        if result["status"] in ("error", "fail", "runtime error"):
            node = manifest["nodes"].get(result["unique_id"], {})
            line = f"dbt {_node_title(result['unique_id'], node)} failed: " + said_by_dbt(
                str(result["message"] or result["status"])
            )
            found = broken(warehouse, result, node) if warehouse else None
            return f"{line} ({found})" if found else line
    return None


def broken(warehouse: Path, result: Mapping[str, Any], node: Mapping[str, Any]) -> str | None:
    """What a failing `grain` found broken, and in how many rows: `day is null: 2; …`.

    None for every other result. Reads the warehouse, which nobody else may hold.
    """
    is_grain = (node.get("test_metadata") or {}).get("name") == "grain"
    if not is_grain or result["status"] != "fail":
        return None
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            f"select broken, count(*) from ({result['compiled_code']}) "
            "group by broken order by broken limit 5"
        ).fetchall()
    return "; ".join(f"{rule}: {count}" for rule, count in rows)


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
