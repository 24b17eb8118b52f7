"""dbt as the tests run it: the project as it is, on a warehouse of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from extract.home import Home
from orchestration.environment import DBT_PROJECT_DIR, STATISTICS_OFF
from orchestration.manifest import dbt_executable


def build(home: Home, *arguments: str, without_aliases: bool = False) -> None:
    """Seeds and models, without tests; raises with dbt's output on failure.

    `without_aliases` empties the seed of organisations' former names for this run.
    """
    project = DBT_PROJECT_DIR
    if without_aliases:
        project = copied_project(home)
        seed = project / "seeds" / "organization_aliases.csv"
        seed.write_text(seed.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    build_project(project, home, *arguments)


def build_project(project: Path, home: Home, *arguments: str) -> None:
    """Seeds and models of a project folder, without tests; raises with dbt's output on failure."""
    dbt(home, "build", "--exclude-resource-types", "test", "unit_test", *arguments, project=project)


def copied_project(home: Home) -> Path:
    """A copy of the dbt project beside a home's warehouse, to be changed."""
    project = home.root / "changed_project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    return project


def dbt(home: Home, *arguments: str, project: Path = DBT_PROJECT_DIR) -> str:
    """Run dbt on a home's warehouse; returns its output, raises with it on failure."""
    done = subprocess.run(
        [dbt_executable(), "--quiet", *arguments],
        cwd=project,
        env={
            **os.environ,
            **STATISTICS_OFF,
            "HUBTIDE_HOME": str(home.root),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET_PATH": str(home.root / "target"),
            "DBT_LOG_PATH": str(home.root / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"dbt {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
