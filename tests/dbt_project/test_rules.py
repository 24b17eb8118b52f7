"""The page of rules names a test for each, and every unit test stands on it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.environment import DBT_PROJECT_DIR

ROOT = DBT_PROJECT_DIR.parent
PAGE = ROOT / "docs" / "rules.md"
ROW = re.compile(r"^\| (?P<rule>.+) \| `(?P<test>[a-z0-9_]+)` \| `(?P<model>[a-z0-9_]+)` \|$")
ROW_IN_PYTHON = re.compile(r"^\| .+ \| `(?P<path>tests/[a-z0-9_/]+\.py)::(?P<test>[a-z0-9_]+)` \|$")
HEADS = ("| rule |", "|---|")


def table_lines() -> list[str]:
    """Rows of the page's tables, without their heads."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("|") and not line.startswith(HEADS)]


def rules() -> Iterator[tuple[str, str, str]]:
    """Rule, name of its test, model at which it stands."""
    for line in table_lines():
        if row := ROW.match(line):
            yield row["rule"], row["test"], row["model"]


@pytest.fixture(scope="module")
def proofs(manifest: dict[str, Any]) -> dict[str, str]:
    """The model of each unit test and of each data test in `dbt_project/tests`."""
    units = {test["name"]: test["model"] for test in manifest["unit_tests"].values()}
    assert len(units) == len(manifest["unit_tests"]), "two unit tests have one name"
    identities = {
        node["name"]: node["config"]["meta"]["dagster"]["ref"]["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "test_metadata" not in node
    }
    return {**identities, **units}


def test_every_row_of_the_page_can_be_read() -> None:
    odd = [line for line in table_lines() if not (ROW.match(line) or ROW_IN_PYTHON.match(line))]
    assert not odd


def test_every_rule_has_a_test_of_its_own() -> None:
    counts = Counter(test for _, test, _ in rules())
    assert len(counts) > 100
    assert [test for test, count in counts.items() if count > 1] == []


def test_every_named_proof_exists_and_stands_where_the_page_says(proofs: dict[str, str]) -> None:
    wrong = {
        test: proofs.get(test, "no such test")
        for _, test, model in rules()
        if proofs.get(test) != model
    }
    assert not wrong


def test_every_unit_test_stands_on_the_page(manifest: dict[str, Any]) -> None:
    named = {test for _, test, _ in rules()}
    units = {test["name"] for test in manifest["unit_tests"].values()}
    assert units - named == set()


def test_every_proof_in_python_exists() -> None:
    rows = [row for row in map(ROW_IN_PYTHON.match, table_lines()) if row]
    assert rows
    for row in rows:
        source = (ROOT / row["path"]).read_text(encoding="utf-8")
        assert f"\ndef {row['test']}(" in source, f"{row['path']} has no {row['test']}"


def test_the_proof_of_the_buckets_has_the_seeds_rows(manifest: dict[str, Any]) -> None:
    """A unit test cannot take this seed as it is: dbt reads its empty cells as text."""
    (proof,) = (
        test
        for test in manifest["unit_tests"].values()
        if test["name"] == "the_buckets_are_the_reports"
    )
    (given,) = (part for part in proof["given"] if part["input"] == "ref('size_buckets')")
    with (DBT_PROJECT_DIR / "seeds" / "size_buckets.csv").open(encoding="utf-8") as seed:
        rows = [
            {
                "size_bucket": row["size_bucket"],
                "min_parameters": int(row["min_parameters"]) if row["min_parameters"] else None,
                "max_parameters": int(row["max_parameters"]) if row["max_parameters"] else None,
            }
            for row in csv.DictReader(seed)
        ]
    assert given["rows"] == rows


def test_every_variable_has_a_reason_and_stands_on_the_page_of_the_method() -> None:
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    method = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    variables = re.findall(r"^  (\w+):", text[text.index("\nvars:") :], flags=re.MULTILINE)
    assert variables
    explained = set(re.findall(r"^  #.*\n  (\w+):", text, flags=re.MULTILINE))
    assert [name for name in variables if name not in explained] == []
    assert [name for name in variables if f"`{name}`" not in method] == []
