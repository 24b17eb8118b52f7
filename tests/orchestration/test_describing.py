"""What explains a build: its dictionary and its card say what the build holds, and nothing else."""

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from huggingface_hub import DatasetCard

from extract.home import Home
from orchestration import manifest as dbt_manifest
from orchestration.cli import main
from orchestration.dataset_card import CARD, size_category
from orchestration.describing import DICTIONARY, DICTIONARY_PAGE, describe
from orchestration.dictionary import dictionary
from orchestration.environment import DBT_PROJECT_DIR
from orchestration.manifest import ManifestError, docs_page
from orchestration.publishing import current_build
from orchestration.sources import SOURCES

HOSTILE = "<script>alert(1)</script> & `<img src=x onerror=y>` | end."


class Page(HTMLParser):
    """Links, ids, and every tag of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name == "href" and str(value).startswith("#"):
                self.links.add(str(value)[1:])
            elif name in ("href", "src"):
                self.outside.append(str(value))


def front_matter(card: DatasetCard) -> dict[str, Any]:
    """What the Hub's client makes of a card's front matter."""
    data: dict[str, Any] = card.data.to_dict()  # type: ignore[no-untyped-call]
    return data


@pytest.fixture(scope="module")
def folder(sample_home: Home) -> Path:
    build = current_build(sample_home.exports)
    assert build is not None
    return build


@pytest.fixture(scope="module")
def content(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / DICTIONARY).read_bytes())
    return loaded


def small_build(folder: Path, kind: str = "real") -> Path:
    """A folder with a published file of one table, and dbt's manifest of it."""
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(
            f"create table about as select '{kind}' as data_kind, date '2026-05-24' as as_of, "
            "'b1' as build_id, 'c0ffee' as commit"
        )
        connection.execute("create table facts as select range as n from range(3)")
        connection.execute("create table nothing (n integer)")
    model = {
        "resource_type": "model",
        "schema": "marts",
        "name": "facts",
        "unique_id": "model.h.facts",
        "description": HOSTILE,
        "columns": {"n": {"description": HOSTILE}},
        "depends_on": {"nodes": ["source.h.raw.rows"]},
    }
    source = {
        "resource_type": "source",
        "name": "rows",
        "description": HOSTILE,
        "depends_on": {"nodes": []},
    }
    manifest = {
        "nodes": {"model.h.facts": model},
        "sources": {"source.h.raw.rows": source},
        "parent_map": {"model.h.facts": ["source.h.raw.rows"], "source.h.raw.rows": []},
        "unit_tests": {"u": {"name": "a_rule", "model": "facts", "description": HOSTILE}},
    }
    path = folder / "dbt_manifest.json"
    path.write_text(json.dumps(manifest))
    return path


def test_a_build_lists_its_descriptions_with_hashes(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_bytes())["files"]
    assert {DICTIONARY, DICTIONARY_PAGE, CARD} <= set(files)


def test_the_dictionary_has_every_published_column_with_type_and_meaning(
    folder: Path, content: dict[str, Any]
) -> None:
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        stored = connection.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() "
            "where not internal order by table_name, column_index"
        ).fetchall()
    told = [
        (table["name"], column["name"], column["type"])
        for table in content["tables"]
        for column in table["columns"]
    ]
    assert told == stored
    for table in content["tables"]:
        assert table["grain"].startswith("One row "), table["name"]
        assert all(column["description"] for column in table["columns"]), table["name"]
        assert any(test["name"].startswith("grain(") for test in table["tests"]), table["name"]
        assert table["upstream"], table["name"]
    assert content["build"]["build_id"] == folder.name
    models = next(table for table in content["tables"] if table["name"] == "dim_models")
    assert "region: accepted_values(us, china, eu, other, unknown)" in [
        test["name"] for test in models["tests"]
    ]


def test_lineage_in_the_dictionary_leads_back_to_the_sources(content: dict[str, Any]) -> None:
    known = {entry["name"] for entry in [*content["tables"], *content["models"]]}
    for entry in [*content["tables"], *content["models"]]:
        assert set(entry["depends_on"]) <= known
    adoption = next(table for table in content["tables"] if table["name"] == "relative_adoption")
    assert adoption["depends_on"] == ["adoption_scores"]
    assert {"raw.hub_api_readings", "organizations", "horizon_counters"} <= set(
        adoption["upstream"]
    )
    rules = [rule["name"] for model in content["models"] for rule in model["rules"]]
    assert len(rules) > 100


def test_the_page_is_whole_and_alone(folder: Path, content: dict[str, Any]) -> None:
    page = Page((folder / DICTIONARY_PAGE).read_text(encoding="utf-8"))
    assert page.outside == []
    assert page.tags.isdisjoint({"script", "link", "img", "iframe"})
    assert len(page.ids) == len(set(page.ids))
    assert page.links <= set(page.ids)
    assert {table["name"] for table in content["tables"]} <= set(page.ids)


def test_descriptions_are_text_never_markup(tmp_path: Path) -> None:
    describe(tmp_path, [], small_build(tmp_path))
    text = (tmp_path / DICTIONARY_PAGE).read_text(encoding="utf-8")
    assert Page(text).tags.isdisjoint({"script", "img"})
    assert "<code>&lt;img src=x onerror=y&gt;</code>" in text
    assert "SYNTHETIC" not in text
    # A table that dbt does not know is shown with what the file says of it.
    content = dictionary(
        json.loads((tmp_path / "dbt_manifest.json").read_bytes()), tmp_path / "marts.duckdb"
    )
    assert [table["name"] for table in content["tables"]] == ["about", "facts", "nothing"]
    assert [table["rows"] for table in content["tables"]] == [1, 3, 0]


def test_the_card_is_a_dataset_card_of_this_build(folder: Path, content: dict[str, Any]) -> None:
    text = (folder / CARD).read_text(encoding="utf-8")
    card = DatasetCard(text)
    data = front_matter(card)
    # What the parser makes of it is what stands in it: nothing was dropped or guessed.
    assert data == yaml.safe_load(text.split("---\n")[1])
    assert data["license"] == "apache-2.0"
    assert "synthetic" in data["tags"]
    assert "SYNTHETIC DATA" in card.text
    assert data["size_categories"] == ["100K<n<1M"]
    configs = {config["config_name"]: config["data_files"] for config in data["configs"]}
    assert configs == {table["name"]: table["file"] for table in content["tables"] if table["rows"]}
    assert all((folder / file).is_file() for file in configs.values())
    assert [config["config_name"] for config in data["configs"] if config.get("default")] == [
        "region_downloads_monthly"
    ]
    for table in content["tables"]:
        assert f"| `{table['name']}` | " in card.text
    assert f"`{folder.name}`" in card.text


def test_the_card_of_real_rows_names_each_source_with_its_licence(tmp_path: Path) -> None:
    manifest = small_build(tmp_path)
    sources = [
        {
            "title": source.title,
            "licence": source.licence,
            "as_of": None,
            "citation": source.citation.format(as_of="2026-05-24"),
        }
        for source in SOURCES
    ]
    describe(tmp_path, sources, manifest)
    card = DatasetCard((tmp_path / CARD).read_text(encoding="utf-8"))
    data = front_matter(card)
    # The Hub wants a name and a link beside `other`.
    assert (data["license"], data["license_name"], data["license_link"]) == (
        "other", "by-source", "README.md",
    )  # fmt: skip
    assert [config["config_name"] for config in data["configs"]] == ["about", "facts"]
    for source in sources:
        assert f"| {source['title']} | {source['licence']} | - | {source['citation']} |" in (
            card.text
        )
    assert "None" not in card.text
    assert "SYNTHETIC" not in card.text


def test_sizes_are_the_hubs_categories() -> None:
    assert size_category(999) == "n<1K"
    assert size_category(1_000) == "1K<n<10K"
    assert size_category(2_000_000_000) == "1B<n<10B"


def test_dbts_documentation_is_one_page_that_needs_nothing_else(
    sample_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / ".dbt"
    target.mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copyfile(sample_home.root / ".dbt" / name, target / name)
    shutil.copyfile(sample_home.warehouse, tmp_path / "warehouse.duckdb")
    monkeypatch.setenv("HUBTIDE_HOME", str(tmp_path))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    page = docs_page(DBT_PROJECT_DIR, target).read_text(encoding="utf-8")
    assert "model.hubtide.relative_adoption" in page
    assert re.findall(r"<(?:script|link)[^>]*(?:src|href)=.?https?://", page) == []


def test_documentation_that_fails_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbt = tmp_path / "dbt"
    dbt.write_text("#!/bin/sh\nprintf 'Runtime Error\\n  the warehouse\\n  is locked\\n'; exit 2\n")
    dbt.chmod(0o755)
    monkeypatch.setattr(dbt_manifest, "dbt_executable", lambda: str(dbt))
    with pytest.raises(ManifestError) as failure:
        docs_page(tmp_path, tmp_path)
    assert str(failure.value) == "dbt docs failed: the warehouse is locked"


def test_documentation_before_the_first_build_is_refused(
    at_home: Callable[[], Home], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs"]) == 1
    assert capsys.readouterr().err.startswith("hubtide: there is no warehouse")
