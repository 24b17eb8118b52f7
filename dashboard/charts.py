"""Vega-Lite specifications. Data are the figure's rows, by the name `rows`, put in by the page.

Names of models and organisations stand in data only, never in an expression or a field's name:
whatever is in them is text. Colours are those of theme.py; the page's script swaps them in the
dark theme and sets everything that a theme decides.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dashboard.text import REGIONS
from dashboard.theme import GREY, Looks

Spec = dict[str, Any]
Records = Sequence[Mapping[str, Any]]

HEIGHT = 340

# Months as the places of bars.
MONTH_LABELS = {"labelExpr": "utcFormat(datum.value, '%b %Y')", "labelAngle": 0,
                "labelOverlap": True, "title": None, "grid": False, "ticks": False}  # fmt: skip

# d3 writes a billion as 1G.
_SHORT = "replace(format(datum.value, '~s'), 'G', 'B')"
SHORT_AXIS = {"labelExpr": _SHORT, "tickCount": 5, "title": None}
PERCENT_AXIS = {"format": ".0%", "tickCount": 5, "title": None}
MONTH_AXIS = {"format": "%b %Y", "tickCount": 6, "labelOverlap": True, "title": None, "grid": False}

# Where logarithmic axes have lines: a decade has too many.
RATIOS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
DECADES = [10**power for power in range(13)]

# Text beside the last point of a line needs this much of a chart's height (13 px of 340).
_LABEL_STEP = 0.042


def tip(field: str, title: str, **more: Any) -> Spec:
    """A line of a tooltip."""
    return {"field": field, "title": title, "type": more.pop("type", "nominal"), **more}


def count_tip(field: str, title: str) -> Spec:
    """A whole number in a tooltip."""
    return tip(field, title, type="quantitative", format=",d")


def percent_tip(field: str, title: str) -> Spec:
    """A share in a tooltip."""
    return tip(field, title, type="quantitative", format=".1%")


def number_tip(field: str, title: str) -> Spec:
    """A number with two decimals in a tooltip."""
    return tip(field, title, type="quantitative", format=",.2f")


def colours(looks: Looks, kind: str, names: Sequence[str]) -> Spec:
    """The scale of colours of some members of a kind."""
    return {"domain": list(names), "range": [looks.of(kind, name).colour for name in names]}


def dashes(looks: Looks, kind: str, names: Sequence[str]) -> Spec:
    """The scale of dashes of some members of a kind."""
    return {"domain": list(names), "range": [list(looks.of(kind, name).dash) for name in names]}


# Names of regions on an axis; whatever is no region stands as it is.
_REGION_NAMES = "{" + ", ".join(f"'{name}': '{label}'" for name, label in REGIONS.items()) + "}"
REGION_LABELS: Spec = {"labelExpr": f"{_REGION_NAMES}[datum.label] || datum.label"}

# A long name keeps its end, where models of a family differ. The page sets `room` to what fits.
MODEL_LABELS: Spec = {
    "labelExpr": "length(datum.label) > room"
    " ? '\u2026' + slice(datum.label, length(datum.label) - room + 1) : datum.label",
    "labelLimit": 360,
}
ROOM = {"name": "room", "value": 46}


def by_value(column: str) -> Spec:
    """Largest first. Never a list of names from outside: Vega-Lite makes expressions of such."""
    return {"field": column, "op": "max", "order": "descending"}


def names_axis(kind: str) -> Spec:
    """An axis of names: of regions, of models, or of anything else."""
    labels: Spec = {"region": REGION_LABELS, "model_id": MODEL_LABELS}.get(kind, {})
    return {"title": None, "ticks": False, "domain": False, **labels}


def chart(layers: list[Spec], height: Any = HEIGHT, **more: Any) -> Spec:
    """A chart as wide as its place."""
    return {
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"name": "rows"},
        "params": [ROOM],
        "layer": layers,
        **more,
    }


def spread(values: Mapping[str, float], top: float, step: float = _LABEL_STEP) -> dict[str, float]:
    """Heights for labels beside lines that end at `values`, so that none covers another.

    They keep their order and stay between 0 and `top`; `step` is the least distance, as a part of
    `top`.
    """
    gap = step * top
    names = sorted(values, key=lambda name: (-values[name], name))
    heights: list[float] = []
    for name in names:
        ceiling = heights[-1] - gap if heights else top
        heights.append(min(values[name], ceiling))
    floor = 0.0
    for index in reversed(range(len(heights))):
        heights[index] = max(heights[index], floor)
        floor = heights[index] + gap
    return dict(zip(names, heights, strict=True))


def lines(
    records: Records,
    *,
    x: str,
    y: str,
    kind: str,
    names: Sequence[str],
    looks: Looks,
    labels: Mapping[str, str] | None = None,
    tooltip: Sequence[Spec] = (),
    y_axis: Mapping[str, Any] = SHORT_AXIS,
    events: Sequence[Mapping[str, str]] = (),
    unit: str = "utcyearmonthdate",
    height: int = HEIGHT,
) -> Spec:
    """A line for each of `names`, with its name at its end; `events` are days with a text.

    A line breaks where its value is null. Then, and where there are few, its points are drawn: one
    between two breaks is no line.
    """
    asked = [row for row in records if row[kind] in names]
    shown = [row for row in asked if row[y] is not None]
    last = {}
    for row in sorted(shown, key=lambda row: str(row[x])):
        last[row[kind]] = row
    days = sorted({str(row[x]) for row in shown})
    top = max((float(row[y]) for row in shown), default=1.0) * 1.08 or 1.0
    heights = spread({name: float(row[y]) for name, row in last.items()}, top)
    ends = [
        {
            "x": days[-1],
            "y": heights[name],
            "text": (labels or {}).get(name, name),
            kind: name,
        }
        for name in last
    ]
    colour = {"field": kind, "type": "nominal", "legend": None,
              "scale": colours(looks, kind, names)}  # fmt: skip
    dash = {"field": kind, "type": "nominal", "legend": None, "scale": dashes(looks, kind, names)}
    across = {"field": x, "type": "temporal", "timeUnit": unit, "axis": MONTH_AXIS,
              "scale": {"type": "utc"}}  # fmt: skip
    up = {"field": y, "type": "quantitative", "axis": dict(y_axis), "scale": {"domain": [0, top]}}
    layers: list[Spec] = [
        *_events(events, unit),
        {
            "mark": {"type": "line", "strokeWidth": 2.5, "interpolate": "linear"},
            "encoding": {"x": across, "y": up, "color": colour, "strokeDash": dash},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 55},
            "params": [
                {
                    "name": "hover",
                    "select": {"type": "point", "on": "pointerover", "nearest": True,
                               "clear": "pointerout"},
                }
            ],
            "encoding": {
                "x": across,
                "y": up,
                "color": colour,
                "opacity": {
                    "condition": {"param": "hover", "empty": False, "value": 1},
                    "value": 1 if len(days) < 6 or len(shown) < len(asked) else 0,
                },
                "tooltip": list(tooltip),
            },
        },
        {
            "data": {"values": ends},
            "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "fontWeight": 600},
            "encoding": {
                "x": {**across, "field": "x"},
                "y": {**up, "field": "y"},
                "text": {"field": "text", "type": "nominal"},
                "color": colour,
            },
        },
    ]  # fmt: skip
    return chart(layers, height, padding={"left": 5, "right": 6, "top": 22, "bottom": 5})


def _events(events: Sequence[Mapping[str, str]], unit: str) -> list[Spec]:
    if not events:
        return []
    across = {"field": "day", "type": "temporal", "timeUnit": unit, "axis": MONTH_AXIS,
              "scale": {"type": "utc"}}  # fmt: skip
    return [
        {
            "data": {"values": list(events)},
            "mark": {"type": "rule", "strokeDash": [3, 3], "color": GREY, "strokeWidth": 1},
            "encoding": {"x": across, "tooltip": [tip("text", "Crossover"), tip("day", "Day")]},
        },
        {
            "data": {"values": list(events)},
            "mark": {"type": "text", "align": "right", "baseline": "bottom", "dx": -2, "dy": -4,
                     "fontSize": 11, "color": GREY},
            "encoding": {"x": across, "y": {"value": 0},
                         "text": {"field": "text", "type": "nominal"}},
        },
    ]  # fmt: skip


def bars(
    *,
    y: str,
    x: str,
    kind: str,
    names: Sequence[str],
    looks: Looks,
    tooltip: Sequence[Spec],
    x_axis: Mapping[str, Any] = SHORT_AXIS,
    text: Mapping[str, Any] | None = None,
    rows: int = 8,
) -> Spec:
    """A bar a row, its value written at its end; sizes in their order, others largest first."""
    sort: Any = list(names) if y == "size_bucket" else by_value(x)
    up = {"field": y, "type": "nominal", "sort": sort, "axis": names_axis(y)}
    across = {"field": x, "type": "quantitative", "axis": {**x_axis, "tickCount": 4}}
    return chart(
        [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 2, "height": {"band": 0.72}},
                "encoding": {
                    "y": up,
                    "x": across,
                    "color": {"field": kind, "type": "nominal", "legend": None,
                              "scale": colours(looks, kind, names)},
                    "tooltip": list(tooltip),
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 12},
                "encoding": {"y": up, "x": across, "text": dict(text or {"field": x})},
            },
        ],
        26 * rows + 10,
        padding={"left": 5, "right": 6, "top": 5, "bottom": 5},
    )  # fmt: skip


def stacked_months(
    *,
    value: str,
    kind: str,
    names: Sequence[str],
    looks: Looks,
    tooltip: Sequence[Spec],
    x: str = "month",
    unit: str = "utcyearmonth",
    title: str = "",
) -> Spec:
    """Shares of each month (or day), stacked in the order of `names`."""
    return chart(
        [
            {
                "transform": [
                    {"calculate": f"indexof({_constants(names)}, datum.{kind})", "as": "place"}
                ],
                "mark": {"type": "bar", "width": {"band": 0.92}},
                "encoding": {
                    "x": {"field": x, "type": "ordinal", "timeUnit": unit, "axis": MONTH_LABELS},
                    "y": {"field": value, "type": "quantitative", "stack": "zero",
                          "axis": PERCENT_AXIS, "scale": {"domain": [0, 1]}},
                    "order": {"field": "place", "type": "quantitative"},
                    "color": {"field": kind, "type": "nominal", "sort": list(names),
                              "scale": colours(looks, kind, names),
                              "legend": {"title": title or None, "orient": "top",
                                         "direction": "horizontal", "columns": 4}},
                    "tooltip": list(tooltip),
                },
            }
        ]
    )  # fmt: skip


def _constants(names: Sequence[str]) -> str:
    """A list for an expression. Only for names of this project: regions and size buckets."""
    safe = [name for name in names if all(c.isalnum() or c in " <>+-" for c in name)]
    return "[" + ", ".join(f"'{name}'" for name in safe) + "]"


def stacked_bars(
    *,
    y: str,
    order: Sequence[str],
    value: str,
    label: str,
    colour_scale: Mapping[str, Any],
    colour_field: str,
    tooltip: Sequence[Spec],
    height: int = 0,
) -> Spec:
    """Parts of a whole, a bar each row of `order`, with names in the parts that have room."""
    up = {"field": y, "type": "nominal", "sort": list(order),
          "axis": {"title": None, "ticks": False, "domain": False}}  # fmt: skip
    stack = {"stack": value, "as": ["from", "to"], "groupby": [y],
             "sort": [{"field": "place", "order": "ascending"}]}  # fmt: skip
    return chart(
        [
            {
                "mark": {"type": "bar", "height": {"band": 0.8}, "strokeWidth": 1.5},
                "encoding": {
                    "y": up,
                    "x": {"field": "from", "type": "quantitative", "axis": PERCENT_AXIS,
                          "scale": {"domain": [0, 1]}},
                    "x2": {"field": "to"},
                    "color": {"field": colour_field, "type": "nominal", "legend": None,
                              "scale": dict(colour_scale)},
                    "tooltip": list(tooltip),
                },
            },
            {
                "transform": [
                    {
                        "filter": "datum.to - datum.from > 0.13"
                        f" && datum.{colour_field} != 'all others'"
                    },
                    {"calculate": "(datum.from + datum.to) / 2", "as": "middle"},
                ],
                "mark": {"type": "text", "fontSize": 11, "fontWeight": 600, "color": "white",
                         "limit": 110, "style": "on-colour"},
                "encoding": {
                    "y": up,
                    "x": {"field": "middle", "type": "quantitative"},
                    "text": {"field": label, "type": "nominal"},
                },
            },
        ],
        height or 34 * len(order) + 10,
        transform=[stack],
    )  # fmt: skip


def phases(order: Sequence[str], colour_scale: Mapping[str, Any]) -> Spec:
    """Who led what, from when to when. Rows: metric, leader, label, from_day, to_day."""
    up = {"field": "what", "type": "nominal", "sort": list(order),
          "axis": {"title": None, "ticks": False, "domain": False}}  # fmt: skip
    across = {"type": "temporal", "timeUnit": "utcyearmonthdate", "scale": {"type": "utc"},
              "axis": MONTH_AXIS}  # fmt: skip
    return chart(
        [
            {
                "mark": {"type": "bar", "height": {"band": 0.62}, "cornerRadius": 2,
                         "strokeWidth": 1.5},
                "encoding": {
                    "y": up,
                    "x": {**across, "field": "from_day"},
                    "x2": {"field": "to_day"},
                    "color": {"field": "leader", "type": "nominal", "legend": None,
                              "scale": dict(colour_scale)},
                    "tooltip": [
                        tip("leader", "Leader"),
                        tip("first_month", "From", type="temporal", timeUnit="utcyearmonth"),
                        tip("last_month", "To", type="temporal", timeUnit="utcyearmonth"),
                        count_tip("months", "Months"),
                        percent_tip("mean_share", "Mean share"),
                    ],
                },
            },
            {
                "transform": [{"filter": "datum.months > 2 && datum.leader != 'contested'"}],
                "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12,
                         "fontWeight": 600, "color": "white", "style": "on-colour",
                         "limit": 90},
                "encoding": {
                    "y": up,
                    "x": {**across, "field": "from_day"},
                    "text": {"field": "label", "type": "nominal"},
                },
            },
        ],
        46 * max(len(order), 1) + 10,
    )  # fmt: skip


def intervals(
    *,
    y: str,
    value: str,
    low: str,
    high: str,
    kind: str,
    names: Sequence[str],
    looks: Looks,
    tooltip: Sequence[Spec],
    rows: int,
    title: str,
) -> Spec:
    """A point a row on a scale of ratios, with its interval, beside a line at 1."""
    up = {"field": y, "type": "nominal", "sort": by_value(value),
          "axis": names_axis(y)}  # fmt: skip
    across = {"type": "quantitative", "scale": {"type": "log", "nice": False},
              "axis": {"title": title, "values": RATIOS, "format": "~r",
                       "labelOverlap": True}}  # fmt: skip
    colour = {"field": kind, "type": "nominal", "legend": None,
              "scale": colours(looks, kind, names)}  # fmt: skip
    return chart(
        [
            {
                "data": {"values": [{"one": 1}]},
                "mark": {"type": "rule", "color": GREY, "strokeDash": [4, 3]},
                "encoding": {"x": {**across, "field": "one"}},
            },
            {
                # Without bounds the interval is the point.
                "transform": [
                    {"calculate": f"isValid(datum.{low}) ? max(datum.{low}, 0.01) : datum.{value}",
                     "as": "from"},
                    {"calculate": f"isValid(datum.{high}) ? datum.{high} : datum.{value}",
                     "as": "to"},
                ],
                "mark": {"type": "rule", "strokeWidth": 4, "opacity": 0.35, "strokeCap": "round"},
                "encoding": {"y": up, "x": {**across, "field": "from"},
                             "x2": {"field": "to"}, "color": colour},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"y": up, "x": {**across, "field": value}, "color": colour,
                             "tooltip": list(tooltip)},
            },
        ],
        24 * max(rows, 2) + 10,
        transform=[{"filter": f"datum.{value} > 0"}],
    )  # fmt: skip


def month_after(first: str) -> str:
    """The first day of the next month."""
    day = date.fromisoformat(first)
    year, number = divmod(day.year * 12 + day.month, 12)
    return date(year, number + 1, 1).isoformat()
