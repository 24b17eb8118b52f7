"""The site as files: complete, offline, and made from the published copy alone."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from dashboard.__main__ import main
from dashboard.charts import spread
from dashboard.context import Context
from dashboard.figures import json_text
from dashboard.marts import Result, open_marts
from dashboard.pages.power import crossing_day, since
from dashboard.site import VEGA, build
from dashboard.text import day
from extract.home import Home

# What a browser fetches, or follows without being asked.
FETCHED = re.compile(r"""(?:src|href|action|poster|srcset|data)\s*=\s*["']?(?:https?:)?//""", re.I)


@pytest.fixture(scope="module")
def site(sample_home: Home) -> Path:
    return (sample_home.exports / "current").resolve() / "dashboard"


def test_a_build_brings_its_dashboard(site: Path, sample_home: Home) -> None:
    with duckdb.connect(str((sample_home.exports / "marts.duckdb").resolve()), read_only=True) as c:
        build_id = c.execute("select build_id from about").fetchall()[0][0]
    html = (site / "index.html").read_text(encoding="utf-8")
    assert f'data-build="{build_id}"' in html
    assert "SYNTHETIC DATA" in html
    assert (site / "assets" / VEGA).stat().st_size > 500_000


def test_no_page_names_another_host(site: Path) -> None:
    pages = [*site.glob("*.html"), *site.glob("assets/site.*"), *site.glob("assets/theme.js")]
    assert len(pages) > 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not FETCHED.search(text), page.name
        assert "XMLHttpRequest" not in text
        assert "@import" not in text


def test_a_missing_file_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "no.duckdb"), str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("hubtide: there is no file")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_is_no_build_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("create table t as select 1 as a")
    (tmp_path / "text.duckdb").write_text("this is no database")
    for name in ("other.duckdb", "text.duckdb"):
        assert main([str(tmp_path / name), str(tmp_path / "out")]) == 1
        error = capsys.readouterr().err
        assert error.startswith("hubtide: ")
        assert error.count("\n") == 1


def test_every_chart_is_valid_vega_lite(site: Path) -> None:
    """By the schema, which knows every property; the browser only ignores what it does not know."""
    altair = pytest.importorskip("altair", reason="altair is not installed")
    specs = []
    for page in sorted(site.glob("*.html")):
        html = page.read_text(encoding="utf-8")
        figures = re.findall(r' class="data">(.+?)</script>', html)
        specs += [(page.name, json.loads(block)["spec"]) for block in figures]
        for outline in re.findall(r'id="outline">(.+?)</script>', html, re.S):
            data = [section["data"] for section in json.loads(outline)["sections"]]
            specs += [(page.name, entry[key]) for entry in data for key in ("spec", "plain")]
    drawn = [(name, spec) for name, spec in specs if spec]
    assert len(drawn) > 20
    for name, spec in drawn:
        try:
            altair.LayerChart.from_dict(spec)
        except Exception as error:
            raise AssertionError(f"{name}: {error}") from error


def test_empty_tables_give_a_sentence_each(sample_home: Home, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    current = (sample_home.exports / "current").resolve()
    shutil.copy(current / "marts.duckdb", marts)
    with duckdb.connect(str(marts)) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            if table != "about":
                connection.execute(f'delete from "{table}"')
    out = tmp_path / "empty"
    build(marts, out, earlier=current / "dashboard")
    for page in ("index", "sizes", "adoption", "lineage", "inference", "trust"):
        html = (out / f"{page}.html").read_text(encoding="utf-8")
        figures = re.findall(r'<section class="figure" id="([^"]+)".*?</section>', html, re.S)
        said = re.findall(r'<p class="empty">(.{20,}?)</p>', html)
        assert len(said) == len(figures) > 2, page
        assert 'class="chart"' not in html


def test_an_older_build_without_some_tables_is_shown(sample_home: Home, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    current = (sample_home.exports / "current").resolve()
    shutil.copy(current / "marts.duckdb", marts)
    with duckdb.connect(str(marts)) as connection:
        for table in ("crossovers", "dominance_phases", "relative_adoption_now", "restatements"):
            connection.execute(f"drop table {table}")
    out = tmp_path / "older"
    site = build(marts, out, earlier=current / "dashboard")
    assert site.pages == 9
    assert "made by an older version" in (out / "trust.html").read_text(encoding="utf-8")


def test_the_site_is_small(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000
    assert len(list(site.glob("assets/vega-*.js"))) == 1


def test_labels_beside_lines_do_not_cover_each_other() -> None:
    values = {"a": 100.0, "b": 99.0, "c": 1.0, "d": 0.0, "e": 0.5}
    heights = spread(values, top=108.0, step=0.05)
    ordered = sorted(heights.values())
    assert all(high - low >= 5.4 - 1e-9 for low, high in pairwise(ordered))
    assert min(ordered) >= 0
    assert sorted(heights, key=lambda name: heights[name]) == ["d", "e", "c", "b", "a"]


def test_json_in_a_page_cannot_end_it() -> None:
    text = json_text(["</script><!--", "a\u2028b", "&amp;"])
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == ["</script><!--", "a\u2028b", "&amp;"]


def test_who_leads_does_so_since_the_last_of_all_fell_behind(sample_home: Home) -> None:
    """us passed eu in January and china, which led until then, in June; eu is second by now."""
    crossings = Result(
        "",
        (
            "leader_kind",
            "overtaker",
            "overtaken",
            "crossed_after",
            "crossed_on",
            "crossed_by",
            "status",
        ),
        (
            ("region", "us", "eu", "2026-01-09", "2026-01-10", "2026-01-10", "confirmed"),
            ("region", "us", "china", "2026-05-31", "2026-06-01", "2026-06-01", "confirmed"),
            ("region", "eu", "china", "2026-06-30", "2026-07-01", "2026-07-01", "confirmed"),
            ("org", "us", "china", "2026-07-31", "2026-08-01", "2026-08-01", "confirmed"),
        ),
    )
    with open_marts(sample_home.exports / "marts.duckdb") as marts:
        assert since(Context(marts), "us", crossings) == f"ahead since {day('2026-06-01')}"
        # Read daily, weekly, no more.
        crossed, read = day("2026-06-03"), day("2026-06-02")
        crossing = {"crossed_on": "2026-06-03", "crossed_after": "2026-06-02"}
        assert crossing_day(crossing | {"crossed_by": "2026-06-03"}) == crossed
        assert crossing_day(crossing | {"crossed_by": "2026-06-08"}) == (
            f"{crossed} (both were read on {read} and {day('2026-06-08')})"
        )
        assert crossing_day(crossing | {"crossed_by": None}) == (
            f"{crossed} (both were last read on {read})"
        )
        # The one that led was never read as a whole before.
        assert crossing_day(crossing | {"crossed_after": None, "crossed_by": "2026-06-03"}) == (
            f"{crossed} (both were first read on {crossed})"
        )
        assert crossing_day(crossing | {"crossed_after": None, "crossed_by": None}) == (
            f"{crossed} (both were never read)"
        )
        # Nobody is said to lead since another's phase began.
        assert since(Context(marts), "nobody", Result("")) == ""
