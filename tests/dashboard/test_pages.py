"""Each page in a browser, opened as a file: what it shows, and that it asks nobody else."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboard.marts import plain
from tests.dashboard.conftest import HOSTILE, PAGES, Opened, Written, wait

OPEN_TABLES = "document.querySelectorAll('details.rows').forEach((it) => { it.open = true; })"

# The page's rows, the query that it says gave them, and what its chart was drawn from.
FIGURES = """
    () => Object.values(hubtide.figures).map((figure) => ({
        id: figure.id,
        sql: figure.section.querySelector("details.sql code").textContent,
        columns: figure.data.columns,
        hidden: figure.data.hide || [],
        rows: figure.data.rows,
        hasSpec: Boolean(figure.data.spec),
        drawn: hubtide.views[figure.id] ? hubtide.views[figure.id].view.data("rows").length : 0,
        marks: figure.section.querySelectorAll(".chart svg path").length,
        says: figure.section.querySelector(".empty")?.textContent || "",
        meta: figure.section.querySelector(".meta").textContent,
    }))
"""


@pytest.fixture(params=["sample_site", "real_site"])
def site(request: pytest.FixtureRequest) -> Written:
    found: Written = request.getfixturevalue(request.param)
    return found


def assert_quiet(opened: Opened) -> None:
    assert opened.complaints == []
    assert [
        url for url in opened.requests if not url.startswith(("file://", "data:", "blob:"))
    ] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_marts_and_asks_nobody(open_page: Any, site: Written, name: str) -> None:
    opened: Opened = open_page(site.url(name))
    opened.draw()
    figures = opened.page.evaluate(FIGURES)
    assert figures or name == "tables.html"
    with duckdb.connect(str(site.marts), read_only=True) as connection:
        for figure in figures:
            cursor = connection.execute(figure["sql"])
            names = [column[0] for column in cursor.description or ()]
            expected = [[plain(value) for value in row] for row in cursor.fetchall()]
            places = [figure["columns"].index(column) for column in names]
            found = [[row[place] for place in places] for row in figure["rows"]]
            assert rounded(found) == rounded(expected), figure["id"]
            # Columns that the query does not give are the page's own and not shown as data.
            assert set(figure["columns"]) - set(names) <= set(figure["hidden"])
            if figure["hasSpec"]:
                assert figure["drawn"] > 0, figure["id"]
                assert figure["marks"] > 0, figure["id"]
            elif not expected:
                assert len(figure["says"]) > 20, figure["id"]
            assert "as of 20" in figure["meta"].lower()
            assert "Coverage: " in figure["meta"]
    assert_quiet(opened)


def rounded(rows: list[list[Any]]) -> list[list[Any]]:
    """JSON knows no difference between 1 and 1.0, nor the last digit of a sum."""
    return [
        [float(f"{value:.12g}") if isinstance(value, int | float) else value for value in row]
        for row in rows
    ]


def test_the_headline_says_what_the_marts_say(open_page: Any, site: Written) -> None:
    opened: Opened = open_page(site.url("index.html"))
    with duckdb.connect(str(site.marts), read_only=True) as connection:
        rows = connection.execute(
            """
            select region, cumulative_share, cumulative_downloads
            from region_downloads_monthly
            where population = 'tracked'
            qualify month = max(month) over ()
            order by 2 desc
            """
        ).fetchall()
    lead = opened.page.locator(".lead").inner_text().replace("\u00a0", " ")
    assert rows[0][0] == "china"
    assert lead.startswith(f"China leads with {rows[0][1] * 100:.1f} %")
    table = opened.page.locator("main table").first.inner_text()
    for _, _, downloads in rows:
        assert f"{downloads:,}" in table


def test_what_the_counters_miss_is_said_first(open_page: Any, real_site: Written) -> None:
    """Two of three tracked models of the real rows have no all-time counter."""
    opened: Opened = open_page(real_site.url("index.html"))
    with duckdb.connect(str(real_site.marts), read_only=True) as connection:
        counted, models, early = connection.execute(
            """
            select
                count(downloads_all_time), count(*),
                (select max(days_early) from coverage_daily
                 where day = (select as_of from about))
            from dim_models
            where is_tracked
            """
        ).fetchall()[0]
    lead = opened.page.locator(".lead").inner_text()
    assert f"{counted:,} of {models:,} tracked models have an all-time counter" in lead
    meta = opened.page.locator("#regions-cumulative .meta").inner_text()
    assert f"may be up to {early} days older; no read was complete" in meta


def test_new_derivatives_are_of_a_year_and_say_how_they_were_filtered(
    open_page: Any, real_site: Written
) -> None:
    """In the real rows months without a derivative lie between those with many."""
    opened: Opened = open_page(real_site.url("lineage.html"))
    with duckdb.connect(str(real_site.marts), read_only=True) as connection:
        total, later, first, last = connection.execute(
            """
            with known as (
                select * from derivatives_monthly
                where filtered and attribution = 'direct' and share is not null
                    and not is_provisional and new_derivatives > 0
            )

            select
                sum(new_derivatives) filter (
                    month > (select max(month) from known) - interval 12 month
                ),
                sum(later_reading_models)::bigint,
                strftime(
                    min(month) filter (
                        month > (select max(month) from known) - interval 12 month
                    ), '%B %Y'
                ),
                strftime(max(month), '%B %Y')
            from known
            """
        ).fetchall()[0]
    title = opened.page.locator("#derivatives-region-title").inner_text()
    assert f"of the {total:,.0f} derivatives from {first} to {last}" in title
    assert opened.page.locator(".lead").inner_text().startswith(f"From {first} to {last}")
    notes = opened.page.locator("#derivatives-region").inner_text()
    assert f"{later:,} passed by a later counter" in notes
    assert "The Hub was not read as a whole" in notes


def test_a_name_in_another_case_leads_to_its_page(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("model.html#qwen/QWEN3-8b"))
    wait(opened.page, "document.querySelector('h1').textContent === 'Qwen/Qwen3-8B'")
    assert opened.page.url.endswith("#Qwen/Qwen3-8B")
    assert_quiet(opened)


def test_months_that_are_not_whole_are_pale(open_page: Any, sample_site: Written) -> None:
    """The sample ends on the second of a month."""
    opened: Opened = open_page(sample_site.url("organisation.html#Qwen"))
    wait(opened.page, "document.getElementById('entity').dataset.shown === 'Qwen'")
    opened.draw()
    opacities = opened.page.evaluate(
        "[...document.querySelectorAll('#months .chart svg .mark-rect path')]"
        ".map((bar) => bar.getAttribute('opacity'))"
    )
    with duckdb.connect(str(sample_site.marts), read_only=True) as connection:
        whole = connection.execute(
            "select is_complete_month from org_downloads_monthly "
            "where org = 'Qwen' and population = 'tracked' and downloads is not null "
            "order by month"
        ).fetchall()
    assert [opacity == "0.4" for opacity in opacities] == [not complete for (complete,) in whole]
    assert {complete for (complete,) in whole} == {True, False}
    label = opened.page.locator("#months .chart[role=graphics-document]").get_attribute(
        "aria-label"
    )
    assert label == "Chart: Downloads by month of Qwen. Its rows are in the table below."


def test_the_first_view_is_small(open_page: Any, sample_site: Written) -> None:
    """What the first page asks for until it has drawn what is in view; the rest waits."""
    opened: Opened = open_page(sample_site.url("index.html"))
    opened.page.wait_for_selector(".chart.drawn")
    files = [Path(url.removeprefix("file://")) for url in opened.requests if "file://" in url]
    assert sum(file.stat().st_size for file in files) <= 1_048_576
    assert not [file for file in files if file.parent.name == "data"]
    # The claims and the first tables stand in the page itself.
    html = (sample_site.folder / "index.html").read_text(encoding="utf-8")
    assert "China leads with" in html.split("<table>")[0]
    assert html.count("<table>") == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("model.html#Qwen/Qwen3-8B", "model"), ("organisation.html#Qwen", "org")],
)
def test_a_model_and_an_organisation_have_their_page(
    open_page: Any, site: Written, name: str, kind: str
) -> None:
    opened: Opened = open_page(site.url(name))
    entity = name.split("#")[1]
    wait(opened.page, f"document.getElementById('entity').dataset.shown === {json.dumps(entity)}")
    opened.draw()
    assert opened.page.locator("h1").inner_text() == entity
    with duckdb.connect(str(site.marts), read_only=True) as connection:
        table = ("dim_models", "model_id") if kind == "model" else ("dim_organizations", "org")
        downloads = connection.execute(
            f"select downloads_all_time from {table[0]} where {table[1]} = ?", [entity]
        ).fetchall()[0][0]
        months = connection.execute(
            f"select * from {'model' if kind == 'model' else 'org'}_downloads_monthly "
            f"where {table[1]} = ?" + ("" if kind == "model" else " and population = 'tracked'"),
            [entity],
        ).fetchall()
    assert f"{downloads:,}" in opened.page.locator("dl.facts").inner_text()
    assert opened.page.evaluate("hubtide.figures.months.data.rows.length") == len(months) > 0
    assert_quiet(opened)


def test_a_name_that_is_not_there_is_said(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("model.html#nobody/nothing%ZZ"))
    wait(opened.page, "document.getElementById('entity').dataset.shown")
    assert "No tracked model has this name" in opened.page.locator(".lead").inner_text()
    assert_quiet(opened)


def test_search_by_keyboard_leads_to_a_model(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("sizes.html"))
    page = opened.page
    wait(page, "window.hubtide && hubtide.ready")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("qwen3-8b")
    page.wait_for_selector("#search-results [role=option]")
    assert page.locator("#search").get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert page.locator("#search").get_attribute("aria-activedescendant") == "result-0"
    page.keyboard.press("Enter")
    page.wait_for_url("**/model.html#Qwen/Qwen3-8B")
    wait(page, "document.querySelector('h1').textContent === 'Qwen/Qwen3-8B'")
    assert_quiet(opened)


def test_a_page_is_used_by_keyboard_alone(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("index.html"))
    page = opened.page
    wait(page, "window.hubtide && hubtide.ready")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    summary = page.locator("#regions-cumulative details.rows summary")
    summary.focus()
    assert page.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        " || document.activeElement.matches(':focus-visible')"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("#regions-cumulative details.rows table tbody tr")
    rows = page.evaluate("hubtide.figures['regions-cumulative'].data.rows.length")
    assert page.locator("#regions-cumulative tbody tr").count() == rows


def test_rows_are_downloaded_as_csv(open_page: Any, sample_site: Written, tmp_path: Path) -> None:
    opened: Opened = open_page(sample_site.url("index.html"))
    page = opened.page
    wait(page, "window.hubtide && hubtide.ready")
    with page.expect_download() as waiting:
        page.locator("#regions-cumulative button.csv").click()
    build_id = page.evaluate("document.body.dataset.build")
    assert waiting.value.suggested_filename == f"SYNTHETIC-regions-cumulative-{build_id}.csv"
    waiting.value.save_as(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sql = page.locator("#regions-cumulative details.sql pre code").text_content()
    with duckdb.connect(str(sample_site.marts), read_only=True) as connection:
        expected = connection.execute(str(sql)).fetchall()
    assert [(row["day"], row["region"], int(row["cumulative_downloads"])) for row in rows] == [
        (str(row[0]), row[1], row[2]) for row in expected
    ]


def test_choices_redraw_a_chart(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("adoption.html"))
    opened.draw()
    page = opened.page
    page.locator("#league select[data-field]").select_option("7")
    page.locator("#league select[data-pick]").select_option("1")
    wait(
        page,
        "hubtide.views.league.view.data('rows').every((row) => row.horizon_days === 7"
        " && row.value === row.ram_cutoff)",
    )
    values = page.evaluate("hubtide.views.league.view.data('rows').map((row) => row.value)")
    with duckdb.connect(str(sample_site.marts), read_only=True) as connection:
        expected = connection.execute(
            "select ram_cutoff from relative_adoption "
            "where horizon_days = 7 and not is_wide_gap and ram_cutoff is not null "
            "order by 1 desc limit 15"
        ).fetchall()
    assert values == pytest.approx([row[0] for row in expected])
    assert_quiet(opened)


def test_a_family_tree_opens(open_page: Any, sample_site: Written) -> None:
    with duckdb.connect(str(sample_site.marts), read_only=True) as connection:
        name, children = connection.execute(
            "select model_id, children from model_descendants where model_id in "
            "(select model_id from dim_models where is_tracked) order by children desc, 1 limit 1"
        ).fetchall()[0]
    opened: Opened = open_page(sample_site.url("lineage.html#tree=" + name))
    opened.page.wait_for_selector("#tree-below ul ul li")
    shown = opened.page.locator("#tree-below > ul > li > ul > li")
    assert shown.count() == min(children, 60) + (1 if children > 60 else 0)
    assert f"{children:,} built directly on it" in opened.page.locator("#tree-said").inner_text()
    assert_quiet(opened)


def test_synthetic_data_is_announced_everywhere_and_real_data_not(
    open_page: Any, site: Written
) -> None:
    with duckdb.connect(str(site.marts), read_only=True) as connection:
        kind = connection.execute("select data_kind from about").fetchall()[0][0]
    pages = sorted(path.name for path in site.folder.glob("*.html"))
    assert len(pages) == 9
    for name in pages:
        html = (site.folder / name).read_text(encoding="utf-8")
        assert ('class="banner"' in html) == (kind == "synthetic"), name


@pytest.mark.parametrize("name", [*PAGES, "model.html#Qwen/Qwen3-8B", "organisation.html#Qwen"])
def test_a_phone_in_the_dark_scrolls_down_only(
    open_page: Any, sample_site: Written, name: str
) -> None:
    opened: Opened = open_page(
        sample_site.url(name), viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    opened.draw()
    opened.page.evaluate(OPEN_TABLES)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(16, 20, 26)"
    assert_quiet(opened)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [*((name, "light") for name in (*PAGES, "model.html#Qwen/Qwen3-8B")), ("sizes.html", "dark")],
)
def test_nothing_serious_is_in_the_way_of_assistive_technology(
    open_page: Any, sample_site: Written, name: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not there")
    opened: Opened = open_page(sample_site.url(name), color_scheme=scheme)
    opened.draw()
    found = axe.Axe().run(opened.page).response["violations"]
    serious = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"][:3]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_theme_is_switched_and_kept(open_page: Any, sample_site: Written) -> None:
    opened: Opened = open_page(sample_site.url("sizes.html"), color_scheme="light")
    page = opened.page
    opened.draw()
    before = page.locator("#shares svg").first.inner_html()
    page.locator("#theme").click()
    wait(page, f"document.querySelector('#shares svg')?.innerHTML !== {json.dumps(before)}")
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 26)"
    assert_quiet(opened)


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_are_text(open_page: Any, hostile_site: Written, name: str) -> None:
    opened: Opened = open_page(hostile_site.url(name))
    page = opened.page
    opened.draw()
    opened.page.evaluate(OPEN_TABLES)
    assert page.evaluate("window.hacked") is None
    # Nothing that a name could have brought: no picture, no code in the page, no handler.
    assert page.locator("img, iframe, object, embed, [onerror], [onload]").count() == 0
    assert page.locator("script:not([src]):not([type='application/json'])").count() == 0
    assert_quiet(opened)


@pytest.mark.parametrize("key", list(HOSTILE))
def test_a_hostile_name_is_found_and_has_its_page(
    open_page: Any, hostile_site: Written, key: str
) -> None:
    name = HOSTILE[key]
    opened: Opened = open_page(hostile_site.url("index.html"))
    page = opened.page
    wait(page, "window.hubtide && hubtide.ready")
    page.locator("#search").fill(name)
    page.wait_for_selector("#search-results [role=option]")
    assert name.strip() in str(page.locator("#result-0 bdi").text_content())
    page.keyboard.press("Enter")
    wait(page, "document.getElementById('entity')?.dataset.shown")
    assert page.locator("h1").text_content() == name
    assert "No tracked" not in page.locator(".lead").inner_text()
    opened.draw()
    assert page.evaluate("window.hacked") is None
    assert_quiet(opened)


def test_tooltips_and_csv_take_a_hostile_name_as_text(
    open_page: Any, hostile_site: Written, tmp_path: Path
) -> None:
    opened: Opened = open_page(hostile_site.url("adoption.html"))
    page = opened.page
    opened.draw()
    point = page.locator("#recent .chart svg .mark-symbol path").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert HOSTILE["script"] in page.locator("#vg-tooltip-element").inner_text()
    assert page.locator("#vg-tooltip-element script").count() == 0
    page.goto(hostile_site.url("index.html"))
    wait(page, "window.hubtide && hubtide.ready")
    with page.expect_download() as waiting:
        # By the element itself: on a busy machine the page still moves under the pointer.
        page.locator("#organisations-cumulative button.csv").dispatch_event("click")
    waiting.value.save_as(tmp_path / "rows.csv")
    text = (tmp_path / "rows.csv").read_text(encoding="utf-8")
    # A spreadsheet would run it; with an apostrophe it is text there.
    assert "'" + HOSTILE["formula"] in text
    assert "\n=" not in text
    assert ",=" not in text
    assert_quiet(opened)
