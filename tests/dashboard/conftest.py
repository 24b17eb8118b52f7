"""A browser, and the sites that it opens: of the sample, of the real rows, of hostile names."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from dashboard.site import build
from extract.home import Home
from tests.conftest import Ran

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

PAGES = (
    "index.html",
    "sizes.html",
    "adoption.html",
    "lineage.html",
    "inference.html",
    "trust.html",
    "tables.html",
)

# Seconds until something that was asked of a page has not happened.
PATIENCE = 15

# Names that a page could take for something else than a name.
HOSTILE = {
    "script": "x/<script>window.hacked=1</script>",
    "quotes": "q'\"`uote/${1+1}{{7*7}}&amp;\\u003c",
    "end": "e/</script><img src=x onerror=window.hacked=2>",
    "rtl": "r/\u202e\u05d2\u05e8\u05e1\u05d4\u202c_\ufdfa_\u2028",
    "proto": "__proto__",
    "formula": "=cmd|' /C calc'!A0",
}


def wait(page: Page, expression: str) -> None:
    """Until an expression holds in the page.

    Playwright's own way evaluates the text inside the page, which the page's policy forbids.
    """
    until = time.monotonic() + PATIENCE
    while not _holds(page, expression):
        assert time.monotonic() < until, f"never true: {expression}"
        page.wait_for_timeout(20)


def _holds(page: Page, expression: str) -> bool:
    from playwright.sync_api import Error

    try:
        return bool(page.evaluate(expression))
    except Error as error:
        # Another page is on its way.
        if "context was destroyed" in str(error):
            return False
        raise


@dataclass
class Opened:
    """A page in a browser, with what it complained of and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def draw(self) -> None:
        """Draw every chart, also those that nobody has scrolled to."""
        wait(self.page, "window.hubtide && hubtide.ready")
        self.page.evaluate("hubtide.drawAll()")


@dataclass(frozen=True)
class Written:
    """A site and the database that it was made from."""

    folder: Path
    marts: Path

    def url(self, page: str) -> str:
        """The address of a page, as a file."""
        name, mark, fragment = page.partition("#")
        return (self.folder / name).as_uri() + mark + fragment


def site_of(home: Home) -> Written:
    folder = (home.exports / "current").resolve()
    return Written(folder / "dashboard", folder / "marts.duckdb")


@pytest.fixture(scope="session")
def sample_site(sample_home: Home) -> Written:
    return site_of(sample_home)


@pytest.fixture(scope="session")
def real_site(real_run: Ran) -> Written:
    return site_of(real_run.home)


@pytest.fixture(scope="session")
def hostile(sample_site: Written, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The sample's names that are hostile ones in `hostile_site`."""
    with duckdb.connect(str(sample_site.marts), read_only=True) as connection:
        queries = {
            "script": "select model_id from relative_adoption_now where age_days <= 90 "
            "order by ram_median desc nulls last limit 1",
            "quotes": "select model_id from model_descendants order by descendants desc limit 1",
            "end": "select model_id from relative_adoption where horizon_days = 30 "
            "order by ram_median desc nulls last limit 1",
            "rtl": "select model_id from dim_models where is_tracked "
            "order by downloads_all_time desc limit 1",
            "proto": "select org from dim_organizations where is_tracked "
            "order by downloads_all_time desc limit 1",
            "formula": "select org from dim_organizations where is_tracked "
            "order by downloads_all_time desc limit 1 offset 1",
        }
        found = {key: connection.execute(q).fetchall()[0][0] for key, q in queries.items()}
    assert len(set(found.values())) == len(found)
    return found


@pytest.fixture(scope="session")
def hostile_site(
    sample_site: Written, hostile: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Written:
    """The sample's site with some names replaced by hostile ones."""
    folder = tmp_path_factory.mktemp("hostile")
    marts = folder / "marts.duckdb"
    shutil.copy(sample_site.marts, marts)
    with duckdb.connect(str(marts)) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where data_type = 'VARCHAR' and not internal"
        ).fetchall()
        for table, column in columns:
            for key, name in hostile.items():
                connection.execute(
                    f'update "{table}" set "{column}" = ? where "{column}" = ?',
                    [HOSTILE[key], name],
                )
    build(marts, folder / "dashboard", earlier=sample_site.folder)
    return Written(folder / "dashboard", marts)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; tests in it are skipped where it, or playwright, is not there.

    Closed after its module: playwright's event loop runs in this thread, where tests of other
    modules may start one of their own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.is_file():
        pytest.skip(f"no chromium at {CHROMIUM}: apt-get install chromium, or set CHROMIUM")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens a page, by its address, and notes what goes wrong."""
    pages = []

    def opening(url: str, **context: Any) -> Opened:
        page = browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **context})
        page.set_default_timeout(PATIENCE * 1000)
        pages.append(page)
        opened = Opened(page)
        page.on(
            "console",
            lambda message: (
                opened.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.goto(url)
        return opened

    yield opening
    for page in pages:
        page.close()
