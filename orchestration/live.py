"""What the commands `live` and `backfill` ask the services for, and what that would cost."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from extract.errors import HubtideError
from extract.fetching import Planned
from extract.home import Home
from extract.http import Limits
from extract.live import DISCOVERY_REQUESTS, LIVE, Ask, seconds_needed
from hubtide.text import Table, format_table
from orchestration.seeds import modelscope_owners, tracked_bases, tracked_organizations


def ask_for(config: Mapping[str, Any], home: Home, days: tuple[date, date] | None = None) -> Ask:
    """The whole of what a fetch asks for, from a `Fetch` configuration.

    `days` are the first and the last; None: the open day.
    """
    since, until = days or (None, None)
    return Ask(
        organizations=tracked_organizations(),
        modelscope_owners=modelscope_owners(),
        bases=tracked_bases(home),
        discovery_requests=config.get("discovery_requests", DISCOVERY_REQUESTS),
        whole_hub=config.get("whole_hub", False),
        since=since,
        until=until,
        every=config.get("every", 1),
        keep=config.get("keep", "original"),
        limits=Limits(max_requests=config.get("max_requests")),
    )


def parse_day(text: str) -> date | None:
    """A day as a user writes it, None for nothing. Raises HubtideError."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HubtideError(f"'{text}' is no date: write YYYY-MM-DD") from None


def plan_text(
    sources: Sequence[str],
    config: Mapping[str, Any],
    home: Home,
    days: tuple[date, date] | None = None,
) -> str:
    """A table of what would be fetched, by source, and how long that would take."""
    ask = ask_for(config, home, days)
    rows, everything = [], []
    for name in sources:
        planned = LIVE[name].plan(ask, home)
        everything += planned
        rows.append(_row(name, planned))
    limit = ask.limits.max_requests
    table = format_table(
        Table("Would be fetched", ("source", "partitions>", "there>", "requests>", "note"), rows)
    )
    seconds = seconds_needed(everything)
    lines = [
        table,
        f"About {_duration(seconds)}, at a request in 0.7 s and the Hub's limit without a token "
        "(500 requests in 5 minutes).",
    ]
    if limit is not None:
        lines.append(f"At most {limit:,} requests a source (--max-requests).")
    return "\n".join([*lines, "Nothing was fetched."])


def _row(name: str, planned: Sequence[Planned]) -> tuple[Any, ...]:
    there = sum(entry.note == "already landed" for entry in planned)
    known = [entry.requests for entry in planned if entry.requests is not None]
    notes = dict.fromkeys(
        entry.note for entry in planned if entry.note and entry.note != "already landed"
    )
    shown = "; ".join(list(notes)[:3]) + ("; …" if len(notes) > 3 else "")
    return name, len(planned), there, sum(known) if known or not planned else None, shown


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
