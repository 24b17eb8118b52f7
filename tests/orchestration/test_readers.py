"""Readers of the published copy while builds come and go: no error, no half, no mixture."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import current_build, publish
from tests.conftest import PROJECT_ROOT
from tests.orchestration.test_publishing import make_warehouse

BUILDS = 20

# What a BI tool or a notebook does, as fast as it can, until it is told to stop. `way` is how it
# reads: the database by its link, or the Parquet files of the build that `current` leads to.
READER = """
    import json, sys
    from pathlib import Path
    import duckdb

    exports, way, stop = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    seen, reads = set(), 0
    while not stop.exists():
        folder = (exports / "current").resolve()
        if way == "database":
            path = (exports / "marts.duckdb").resolve()
            folder = path.parent
            with duckdb.connect(str(path), read_only=True) as connection:
                tables = {
                    name: connection.sql(f'select count(*) from "{name}"').fetchall()[0][0]
                    for (name,) in connection.sql("from (show tables)").fetchall()
                }
                about = connection.sql("select build_id from about").fetchall()
                low, high = connection.sql("select min(build), max(build) from facts").fetchall()[0]
        else:
            files = sorted(folder.glob("*.parquet"))
            tables = {
                path.stem: duckdb.sql(f"select count(*) from '{path}'").fetchall()[0][0]
                for path in files
            }
            about = duckdb.sql(f"select build_id from '{folder}/about.parquet'").fetchall()
            low, high = duckdb.sql(
                f"select min(build), max(build) from '{folder}/facts.parquet'"
            ).fetchall()[0]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert about == [(manifest["build_id"],)], (about, manifest["build_id"])
        assert low == high == manifest["build_id"], (low, high)
        assert tables == manifest["tables"], (tables, manifest["tables"])
        seen.add(manifest["build_id"])
        reads += 1
    print(json.dumps({"reads": reads, "builds": sorted(seen)}))
"""


def warehouse_of(path: Path, number: int) -> Path:
    """A warehouse whose tables all say which build they are of; each build has another size."""
    build_id = f"b{number:02d}"
    make_warehouse(path, build_id, rows=1)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create or replace table marts.facts as "
            f"select '{build_id}' as build, range as n from range({1000 + number})"
        )
        connection.execute(
            "create or replace view marts.doubled as select n * 2 as m from marts.facts"
        )
    return path


@pytest.mark.parametrize("way", ["database", "parquet"])
def test_readers_never_see_half_a_build_nor_wait_for_one(tmp_path: Path, way: str) -> None:
    exports, stop = tmp_path / "exports", tmp_path / "stop"
    publish(warehouse_of(tmp_path / "w.duckdb", 0), exports, commit="c", seeds_sha256="s")
    reader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(exports), way, str(stop)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for number in range(1, BUILDS + 1):
        publish(warehouse_of(tmp_path / "w.duckdb", number), exports, commit="c", seeds_sha256="s")
        time.sleep(0.05)
    stop.touch()
    output, errors = reader.communicate(timeout=60)
    assert reader.returncode == 0, errors[-2000:]
    said = json.loads(output)
    # A test in which the reader came too late, or saw one build only, would prove nothing.
    assert said["reads"] >= 10
    assert len(said["builds"]) >= 3
    current = current_build(exports)
    assert current is not None
    assert current.name == f"b{BUILDS}"
