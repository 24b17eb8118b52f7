"""Numbers, days and names as the pages write them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

REGIONS = {
    "china": "China",
    "us": "United States",
    "eu": "EU",
    "other": "Other regions",
    "unknown": "Unknown",
}
# In a sentence.
THE_REGIONS = {
    **REGIONS,
    "us": "the United States",
    "eu": "the EU",
    "other": "other regions",
    "unknown": "unknown regions",
}
BUCKETS = ("<1B", "1-5B", "7-9B", "10-50B", "50-100B", "100-250B", "250B+", "unknown")

OPENROUTER = "Source: OpenRouter (openrouter.ai/rankings), as of {as_of}."

_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def percent(share: float | None) -> str:
    """A share between 0 and 1 in per cent, one decimal."""
    return "unknown" if share is None else f"{share * 100:.1f}\u00a0%"


def count(number: float | None) -> str:
    """A count as one reads it aloud: 1.46 billion, 723 million, 12,345."""
    if number is None:
        return "unknown"
    for scale, name in _SCALES:
        if abs(number) >= scale:
            digits = 2 if abs(number) < 10 * scale else 1 if abs(number) < 100 * scale else 0
            return f"{number / scale:.{digits}f} {name}"
    return f"{number:,.0f}"


def times(score: float | None) -> str:
    """A score against a reference: 4.3 times, written as a factor."""
    if score is None:
        return "unknown"
    return f"{score:.1f}\u00d7" if abs(score) >= 1 else f"{score:.2f}\u00d7"


def month(day: str | None) -> str:
    """The month of an ISO day: March 2026."""
    return "unknown" if not day else f"{date.fromisoformat(day[:10]):%B %Y}"


def day(text: str | None) -> str:
    """An ISO day in a sentence, not broken at a line's end: 4 August 2025."""
    if not text:
        return "unknown"
    found = date.fromisoformat(text[:10])
    return f"{found.day}\u00a0{found:%B}\u00a0{found.year}"


def region(name: str) -> str:
    """A region's name as a label."""
    return REGIONS.get(name, name)


def the_region(name: str) -> str:
    """A region's name in a sentence."""
    return THE_REGIONS.get(name, name)


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def kind(column: str, values: Sequence[Any]) -> str:
    """How a table shows a column: by its name, since names in the marts are of a few kinds."""
    fixed = {
        "model_id": "model", "org": "org", "base_org": "org", "child_id": "model",
        "parent_id": "model", "region": "region", "month": "month", "release_id": "text",
        "first_month": "month", "last_month": "month",
        "overtaker": "text", "overtaken": "text",
    }.get(column)  # fmt: skip
    if fixed:
        return fixed
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return "bool"
    if "share" in column or column.endswith(("_fraction", "growth_yoy", "growth_mom", "hhi")):
        return "percent"
    if first is None and ("downloads" in column or column.startswith(("days_", "rows_"))):
        return "count"
    if isinstance(first, float):
        return "number"
    if isinstance(first, int):
        return "count"
    return "text"
