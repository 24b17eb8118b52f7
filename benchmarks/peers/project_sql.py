"""The project's own SQL: a model's file rendered with the project's macros, without dbt.

dbt takes seconds to start and needs every other model; a benchmark needs the query alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2.runtime import Context

from orchestration.environment import DBT_PROJECT_DIR


class _Adapter:
    @staticmethod
    @jinja2.pass_context
    def dispatch(context: Context, macro: str, package: str) -> Callable[..., str]:
        """DuckDB's form of a macro, else the default one."""
        for prefix in ("duckdb", "default"):
            if callable(found := context.get(f"{prefix}__{macro}")):
                return found  # type: ignore[no-any-return]
        raise LookupError(f"{package} has no {macro} for DuckDB")


def query(model: str, relations: Mapping[str, str]) -> str:
    """The SQL of a model, which reads `relations` (by the names that it refers to).

    Raises:
        KeyError: the model refers to a relation that is not given.
        FileNotFoundError: there is no such model.
    """
    files = sorted((DBT_PROJECT_DIR / "models").rglob(f"{model}.sql"))
    if not files:
        raise FileNotFoundError(f"no model {model}.sql in {DBT_PROJECT_DIR / 'models'}")
    macros = sorted((DBT_PROJECT_DIR / "macros").glob("*.sql"))
    text = "".join(file.read_text(encoding="utf-8") for file in [*macros, files[0]])
    # It makes SQL, which is executed on the project's own rows: nothing is escaped.
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    functions: dict[str, Any] = {
        "adapter": _Adapter(),
        # dbt's `return` ends a macro; here the macro's text is what it returns.
        "return": lambda value: value,
        "config": lambda **_: "",
        "target": {"name": "duckdb"},
        "ref": lambda name: relations[name],
        "is_incremental": lambda: False,
    }
    return environment.from_string(text).render(functions).strip()
