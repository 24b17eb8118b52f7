"""The site: pages, data files and assets, written into one folder that opens without a server."""

import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboard import text, theme
from dashboard.context import Context, Page
from dashboard.figures import json_block, json_text
from dashboard.marts import open_marts
from dashboard.pages import adoption, entities, inference, lineage, power, sizes, tables, trust

PAGES: Sequence[Callable[[Context], Page]] = (
    power.page,
    sizes.page,
    adoption.page,
    lineage.page,
    inference.page,
    trust.page,
    tables.page,
)

NAVIGATION = (
    ("index", "Power"),
    ("sizes", "Sizes"),
    ("adoption", "Adoption"),
    ("lineage", "Lineage"),
    ("inference", "Inference"),
    ("trust", "Evidence"),
)

# Vega, Vega-Lite and vega-embed in one file, as this version of vl-convert ships them.
_EXPORTED = "window.vegaEmbed = vegaEmbed;"
VEGA = f"vega-{version('vl-convert-python')}.js"


@dataclass(frozen=True)
class Site:
    """A site that was written: its first page, how many pages, and the bytes of all its files."""

    index: Path
    pages: int
    bytes: int


def build(marts: Path, out: Path, earlier: Path | None = None) -> Site:
    """Write the site of a published marts.duckdb into `out`, which is made where it is not there.

    Reads nothing else, but that the JavaScript of the charts, which takes seconds to put together,
    is taken from `earlier`, the folder of another site, where that has the same version. Files of
    the same names in `out` are replaced.

    Raises:
        NotPublishedError: there is no such file, or it is no published build.
        OSError: the folder cannot be written.
    """
    with open_marts(marts) as opened, ThreadPoolExecutor(max_workers=1) as pool:
        # Seconds in which the queries run.
        bundle = pool.submit(javascript, earlier)
        context = Context(opened)
        return _write(context, out, bundle)


def javascript(earlier: Path | None = None) -> str:
    """The JavaScript of the charts, from an earlier site or put together by vl-convert."""
    found = earlier / "assets" / VEGA if earlier else None
    if found and found.is_file():
        return found.read_text(encoding="utf-8")
    return _bundled()


@lru_cache(maxsize=1)
def _bundled() -> str:
    import vl_convert  # its binary takes a moment to load, which an earlier site spares

    return str(vl_convert.javascript_bundle(_EXPORTED))


def _write(context: Context, out: Path, bundle: Future[str]) -> Site:
    (out / "assets").mkdir(parents=True, exist_ok=True)
    beside = {
        "dictionary": (out.parent / "dictionary.html").is_file(),
        "parquet": (out.parent / "about.parquet").is_file(),
    }
    environment = _environment(context, beside)
    (out / "data").mkdir(exist_ok=True)
    pages = [*(make(context) for make in PAGES), *entities.pages(context)]
    own = {name.removesuffix(".html.j2") for name in environment.list_templates()}
    for page in pages:
        # A page of nothing but figures needs no template of its own.
        template = environment.get_template(
            f"{page.name if page.name in own else 'figures'}.html.j2"
        )
        html = template.render(page=page, **page.extra)
        (out / f"{page.name}.html").write_text(html, encoding="utf-8")
        for file in page.data:
            # A script, since a page opened as a file may not fetch.
            script = f'hubtide.data("{file.name}",{json_text(file.content)});\n'
            (out / "data" / f"{file.name}.js").write_text(script, encoding="utf-8")
    for asset in sorted(
        files("dashboard").joinpath("assets").iterdir(), key=lambda path: path.name
    ):
        with asset.open("rb") as source, (out / "assets" / asset.name).open("wb") as target:
            shutil.copyfileobj(source, target)
    (out / "assets" / VEGA).write_text(bundle.result(), encoding="utf-8")
    written = [path for path in out.rglob("*") if path.is_file()]
    return Site(out / "index.html", len(pages), sum(path.stat().st_size for path in written))


def _environment(context: Context, beside: dict[str, bool]) -> Environment:
    environment = Environment(
        loader=PackageLoader("dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "json_block": json_block,
        "percent": text.percent,
        "count": text.count,
        "region": text.region,
        "month": text.month,
        "fragment": _fragment,
        "marked": _marked,
    }
    environment.globals |= {
        "about": context.about,
        "is_synthetic": context.is_synthetic,
        "navigation": NAVIGATION,
        "dark": theme.DARK,
        "beside": beside,
        "vega": VEGA,
        "looks": context.looks,
    }
    return environment


def _marked(words: str) -> Markup:
    """Text in which what stands between backticks is code; all of it is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))  # noqa: S704


def _fragment(name: Any) -> str:
    """A name for the part of an address after #."""
    return quote(str(name), safe="/")
