"""Recipes of docs/bi.md that need nothing but Hubtide: they run as they stand there."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import duckdb

from extract.home import Home
from tests.conftest import PROJECT_ROOT, environment_for

PAGE = PROJECT_ROOT / "docs" / "bi.md"
TESTED = re.compile(r"<!-- tested -->\n```python\n(.*?)```", re.DOTALL)


def test_the_recipes_run_as_they_stand(sample_home: Home, tmp_path: Path) -> None:
    recipes = TESTED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(recipes) == 2
    (tmp_path / "sample").symlink_to(sample_home.root)
    said = [
        subprocess.run(
            [sys.executable, "-c", recipe],
            cwd=tmp_path,
            env=environment_for(tmp_path),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for recipe in recipes
    ]
    with duckdb.connect(
        str((sample_home.exports / "marts.duckdb").resolve()), read_only=True
    ) as connection:
        build = connection.execute("select build_id from about").fetchall()[0][0]
        figures = connection.execute(
            "select month, region, downloads, growth_yoy from region_downloads_monthly "
            "where population = 'tracked' order by month, region"
        ).fetchall()
    assert build in said[0]
    assert "china" in said[0]
    with (tmp_path / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["build_id"] for row in rows} == {build}
    assert [
        (row["month"], row["region"], row["downloads"], row["growth_yoy"] == "") for row in rows
    ] == [
        (str(month), region, "" if downloads is None else str(downloads), growth is None)
        for month, region, downloads, growth in figures
    ]


def test_the_page_leads_to_files_that_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for path in ("deploy/superset/first_chart.py", "dbt_project/models/semantic"):
        assert path in text
        assert (PROJECT_ROOT / path).exists()
    # Nobody is told to open the warehouse.
    assert not re.search(r"connect\([^)]*warehouse|duckdb [^\n]*warehouse\.duckdb", text)
