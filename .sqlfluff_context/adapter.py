"""dbt's `adapter` for sqlfluff: a dispatched macro is its DuckDB form."""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context, missing


@pass_context
def dispatch(context: Context, name: str, _package: str = "") -> Callable[..., Any]:
    """The macro `duckdb__<name>`, else `default__<name>`: what dbt finds under dbt-duckdb."""
    for prefix in ("duckdb", "default"):
        macro = context.resolve_or_missing(f"{prefix}__{name}")
        if macro is not missing:
            found: Callable[..., Any] = macro
            return found
    raise LookupError(f"no file of dbt_project/macros defines {name} for DuckDB")


def get_columns_in_relation(_relation: object) -> list[dict[str, str]]:
    """The columns that an incremental model's table is asked for: it is taken to have them."""
    return [{"name": "fingerprint"}]
