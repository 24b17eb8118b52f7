"""The site as files: complete, offline, and made from the published copy alone."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from dashboard.__main__ import main
from dashboard.site import VEGA
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
