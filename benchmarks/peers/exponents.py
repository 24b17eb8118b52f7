"""How each step's cost grows with its rows, from two saved results of benchmarks/at_scale.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.report import table

LIMIT = 1.15  # the exponent that a step's cost may reach
SHORT = 0.5  # seconds at the smaller scale; a shorter step is mostly fixed cost


@dataclass(frozen=True)
class Growth:
    """A step at two scales: seconds, and rows in plus rows out."""

    step: str
    seconds: tuple[float, float]
    rows: tuple[int, int]

    @property
    def exponent(self) -> float | None:
        """log(t2 / t1) / log(n2 / n1); None where rows or seconds do not tell it."""
        if min(self.seconds) <= 0 or min(self.rows) <= 0 or self.rows[0] == self.rows[1]:
            return None
        return math.log(self.seconds[1] / self.seconds[0]) / math.log(self.rows[1] / self.rows[0])


def growths(
    smaller: Mapping[str, Any], larger: Mapping[str, Any], build: str = "full build"
) -> list[Growth]:
    """The steps of a build that both results have, costliest at the larger scale first.

    Raises:
        ValueError: a result has no such build, or was saved before rows out were.
    """
    models = [_models(result, build) for result in (smaller, larger)]
    found = [
        Growth(
            name,
            (models[0][name]["seconds"], models[1][name]["seconds"]),
            (_rows(name, models[0][name]), _rows(name, models[1][name])),
        )
        for name in models[1]
        if name in models[0]
    ]
    return sorted(found, key=lambda growth: -growth.seconds[1])


def _models(result: Mapping[str, Any], build: str) -> Mapping[str, Any]:
    for step in result.get("steps", []):
        if step["name"] == build:
            models: Mapping[str, Any] = step["models"]
            return models
    raise ValueError(f"the result has no build {build!r}: save one with benchmarks.at_scale")


def _rows(name: str, model: Mapping[str, Any]) -> int:
    if "rows_out" not in model:
        raise ValueError(f"{name} has no rows_out: measure again with benchmarks.at_scale")
    # A table that a hook fills and drops again has no rows after the build.
    return int(model["rows_in"] or 0) + int(model["rows_out"] or 0)


def exponent_lines(smaller: Mapping[str, Any], larger: Mapping[str, Any]) -> list[str]:
    """The table for a terminal: long steps, then those that are short at the smaller scale."""
    found = growths(smaller, larger)
    said = [f"seconds and rows in + out, scale {smaller['scale']} and {larger['scale']}"]
    long_steps = [growth for growth in found if growth.seconds[0] >= SHORT]
    short_steps = [growth for growth in found if growth.seconds[0] < SHORT]
    for title, growths_of in (
        (f"steps of {SHORT} s and more at scale {smaller['scale']}", long_steps),
        (f"shorter steps, {SHORT} s at most", short_steps),
    ):
        said += ["", title, *table([_HEADINGS, *(_row(growth) for growth in growths_of)])]
    over = [g.step for g in long_steps if g.exponent is not None and g.exponent > LIMIT]
    said += ["", f"over {LIMIT}: {', '.join(over) or 'none'}"]
    return said


_HEADINGS = ("step", "seconds", "seconds", "rows", "rows", "exponent")


def _row(growth: Growth) -> tuple[str, ...]:
    exponent = growth.exponent
    return (
        growth.step,
        *(f"{seconds:.2f}" for seconds in growth.seconds),
        *(f"{rows:,}" for rows in growth.rows),
        "" if exponent is None else f"{exponent:.2f}",
    )
