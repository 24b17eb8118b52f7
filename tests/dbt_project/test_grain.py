"""The data test `grain`, on rows that break each of its rules."""

from __future__ import annotations

import duckdb
import jinja2
import pytest

from orchestration.environment import DBT_PROJECT_DIR


@pytest.fixture(scope="module")
def query() -> str:
    """The query for grain `a, b`, `c` never null and `d` one of x and y, on the table `rows`."""
    text = (DBT_PROJECT_DIR / "tests" / "generic" / "grain.sql").read_text(encoding="utf-8")
    text = text.replace("{% test ", "{% macro ").replace("{% endtest ", "{% endmacro ")
    module = jinja2.Environment(autoescape=False).from_string(text).module
    rendered: str = module.grain("rows", ["a", "b"], ["c"], {"d": ["x", "y"]})  # type: ignore[attr-defined]
    return rendered


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ("(1, 1, 1, 'x'), (1, 2, 1, 'y'), (2, 1, 1, null)", []),
        ("(1, 1, 1, 'x'), (1, 1, 2, 'x')", ["rows share a, b"]),
        ("(null, 1, 1, 'x')", ["a is null"]),
        ("(1, null, 1, 'x'), (1, 1, 1, 'x')", ["b is null"]),
        ("(1, 1, null, 'x'), (1, 2, 1, 'x')", ["c is null"]),
        (
            "(1, 1, 1, 'x'), (1, 1, null, 'x'), (2, null, 1, 'x')",
            ["b is null", "rows share a, b, c is null"],
        ),
        ("(1, 1, 1, 'z'), (1, 2, 1, 'x')", ["d is none of x, y"]),
        (
            "(1, 1, null, 'x'), (1, 2, 1, ''), (1, 3, 1, 'z')",
            ["c is null"] + ["d is none of x, y"] * 2,
        ),
    ],
)
def test_each_rule_is_found_and_named(query: str, rows: str, broken: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table rows as select * from (values {rows}) as t (a, b, c, d)")
        found = connection.execute(query).fetchall()
    assert sorted(row[-1] for row in found) == broken
