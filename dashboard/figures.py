"""A figure: a claim, the rows behind it, the query that gave them, and how they are drawn."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from dashboard.marts import Result
from dashboard.text import kind

# What must not stand in an HTML page's data block, whatever a name says.
_ESCAPES = {
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip


def json_text(value: Any) -> str:
    """JSON that is safe inside <script> of a page and in a .js file."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def json_block(value: Any) -> Markup:
    """`json_text` for a template: not escaped again."""
    return Markup(json_text(value))  # noqa: S704 - no character that HTML knows is left in it


@dataclass(frozen=True)
class Control:
    """A choice above a chart: only rows whose `field` is the chosen option are drawn."""

    label: str
    field: str
    options: Sequence[tuple[Any, str]]
    default: Any


@dataclass(frozen=True)
class Pick:
    """A choice of the column that a chart draws as `value`, with its bounds where it has any."""

    label: str
    options: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Figure:
    """What one part of a page says and shows.

    `title` is the claim, computed from the rows. `spec` is a Vega-Lite specification whose data
    are the rows, by the name `rows`; without one, `empty` says in a sentence why there is no
    chart. `take` bounds how many rows a chart draws after its controls; tables and CSV have all.
    """

    id: str
    title: str
    subtitle: str
    result: Result
    tables: Sequence[str]
    source: str
    as_of: str
    coverage: str
    spec: Mapping[str, Any] | None = None
    empty: str = ""
    notes: Sequence[str] = ()
    controls: Sequence[Control] = ()
    pick: Pick | None = None
    take: int = 0
    open_table: bool = False
    hide: Sequence[str] = field(default=())

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script needs: rows, how to show them, and the chart."""
        columns = self.result.columns
        return {
            "columns": columns,
            "kinds": [
                kind(name, [row[index] for row in self.result.rows])
                for index, name in enumerate(columns)
            ],
            "rows": self.result.rows,
            "spec": self.spec,
            "controls": [
                {"field": control.field, "default": control.default} for control in self.controls
            ],
            "pick": self.pick.options if self.pick else None,
            "take": self.take,
            "hide": self.hide,
        }

    @property
    def why_empty(self) -> str:
        """Why there is no chart."""
        if self.result.missing:
            return "This build has no such table: it was made by an older version. Build it again."
        return self.empty
