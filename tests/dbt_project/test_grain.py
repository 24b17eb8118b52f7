"""The data test `grain`, on rows that break each of its rules."""

from __future__ import annotations

import duckdb
import jinja2
import pytest

from orchestration.environment import DBT_PROJECT_DIR


@pytest.fixture(scope="module")
def query() -> str:
    """The query for grain `a, b`, with `c` never null, on the table `rows`."""
    text = (DBT_PROJECT_DIR / "tests" / "generic" / "grain.sql").read_text(encoding="utf-8")
    text = text.replace("{% test ", "{% macro ").replace("{% endtest ", "{% endmacro ")
    module = jinja2.Environment(autoescape=False).from_string(text).module
    rendered: str = module.grain("rows", ["a", "b"], ["c"])  # type: ignore[attr-defined]
    return rendered


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ("(1, 1, 1), (1, 2, 1), (2, 1, 1)", []),
        ("(1, 1, 1), (1, 1, 2)", ["rows share a, b"]),
        ("(null, 1, 1)", ["a is null"]),
        ("(1, null, 1), (1, 1, 1)", ["b is null"]),
        ("(1, 1, null), (1, 2, 1)", ["c is null"]),
        ("(1, 1, 1), (1, 1, null), (2, null, 1)", ["b is null", "rows share a, b, c is null"]),
    ],
)
def test_each_rule_is_found_and_named(query: str, rows: str, broken: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table rows as select * from (values {rows}) as t (a, b, c)")
        found = connection.execute(query).fetchall()
    assert sorted(row[-1] for row in found) == broken
