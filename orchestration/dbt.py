"""The dbt project as Dagster sees it: manifest, translator, arguments, and the first failure."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject
from packaging.version import Version

from orchestration.environment import DBT_PROJECT_DIR, dbt_target

WRITER_POOL = "duckdb_writer"
OWNERS = ["team:hubtide"]

# Files that decide what a manifest says.
_INPUT_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md"})


def dbt_executable() -> str:
    """The dbt that stands beside the running Python, whether or not that is on PATH."""
    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.exists() else "dbt"


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
        """The base class's spec with group and owners; keys stay as dbt_assets expects them."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        return spec.replace_attributes(group_name=layer(node), owners=OWNERS)


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
        dagster.Failure: dbt cannot parse the project; the description is one line.
    """
    project = DbtProject(DBT_PROJECT_DIR, target_path=dbt_target())
    parse_if_stale(project.project_dir, project.target_path)
    return project


def parse_if_stale(project_dir: Path, target: Path) -> bool:
    """Run `dbt parse` if no manifest fits the project's files; says whether it ran.

    Contents are compared, not times: a checkout changes times, a deleted file leaves none.
    """
    mark = target / "manifest.inputs"
    wanted = inputs_digest(project_dir)
    if (
        (target / "manifest.json").exists()
        and mark.exists()
        and mark.read_text(encoding="ascii") == wanted
    ):
        return False
    target.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [dbt_executable(), "--quiet", "parse", "--project-dir", str(project_dir)],
        env={**os.environ, "DBT_TARGET_PATH": str(target), "DBT_PROFILES_DIR": str(project_dir)},
        cwd=project_dir,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise dg.Failure(f"dbt parse failed: {_one_line(done.stdout + done.stderr)}")
    mark.write_text(wanted, encoding="ascii")
    return True


def inputs_digest(project_dir: Path) -> str:
    """sha256 over names and contents of the project's files, and dbt's version."""
    digest = hashlib.sha256(installed_version("dbt-core").encode())
    for path in sorted(project_dir.rglob("*")):
        relative = path.relative_to(project_dir)
        if path.suffix in _INPUT_SUFFIXES and relative.parts[0] not in ("target", "logs"):
            digest.update(f"\n{relative.as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


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
            return f"dbt {_node_title(result['unique_id'], node)} failed: " + _one_line(
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


def _one_line(text: str, limit: int = 400) -> str:
    """Text as one line of at most `limit` characters, without dbt's own heading line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].split(" in ")[0].endswith("Error"):
        lines = lines[1:]
    line = " ".join(lines)
    return line if len(line) <= limit else line[: limit - 1] + "…"
