"""dbt as the tests run it: the project as it is, on a warehouse of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb

from extract.home import Home
from orchestration.environment import DBT_PROJECT_DIR, STATISTICS_OFF
from orchestration.manifest import dbt_executable
from tests.once import lend_parsed

# Columns that say when and by whom a row was made, not what it is.
VOLATILE = {"built_at", "build_id", "commit", "loaded_at", "load_id"}

# What was known when it was frozen, and what is told from it.
VINTAGES = ("adoption_reference_vintages", "relative_adoption_vintages")

# What remembers earlier builds: tables of warehouses with another past differ, and must.
REMEMBERING = (*VINTAGES, "restatements", "pipeline_costs")


def build(home: Home, *arguments: str, project: Path = DBT_PROJECT_DIR) -> None:
    """Seeds and models, without tests; raises with dbt's output on failure."""
    dbt(home, "build", "--exclude-resource-types", "test", "unit_test", *arguments, project=project)


def edited_project(target: Path, **seeds: Callable[[str], str]) -> Path:
    """A copy of the dbt project in which some seeds' text is another; returns `target`."""
    shutil.copytree(DBT_PROJECT_DIR, target, ignore=shutil.ignore_patterns("target", "logs"))
    for name, edit in seeds.items():
        seed = target / "seeds" / f"{name}.csv"
        before = seed.read_text(encoding="utf-8")
        after = edit(before)
        assert after != before, f"the seed {name} is as it was"
        seed.write_text(after, encoding="utf-8")
    return target


def dbt(home: Home, *arguments: str, project: Path = DBT_PROJECT_DIR) -> str:
    """Run dbt on a home's warehouse; returns its output, raises with it on failure."""
    if "--vars" not in arguments:  # with variables, dbt parses all anew
        lend_parsed(home.root, home.root / "target")
    done = subprocess.run(
        # Its log file costs a tenth of a build.
        [dbt_executable(), "--quiet", "--log-level-file", "none", *arguments],
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


def differences(one: Path, other: Path, *left_out: str) -> dict[str, int]:
    """How many rows of each mart stand in one of two warehouses only; marts without any left out.

    Columns that say when and by whom a row was made, not what it is, are not compared.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        marts = connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'one' and table_schema = 'marts' order by 1"
        ).fetchall()
        assert len(marts) > 20
        found = {}
        for (mart,) in marts:
            if mart in left_out:
                continue
            columns = ", ".join(
                f'"{row[0]}"'
                for row in connection.execute(f'describe one.marts."{mart}"').fetchall()
                if row[0] not in VOLATILE
            )
            sides = [f'select {columns} from {side}.marts."{mart}"' for side in ("one", "other")]
            rows = connection.execute(
                f"select count(*) from (({sides[0]} except all {sides[1]}) "
                f"union all ({sides[1]} except all {sides[0]}))"
            ).fetchall()
            if rows[0][0]:
                found[str(mart)] = int(rows[0][0])
        return found
