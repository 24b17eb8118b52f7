"""Downloads by day, month and group, by docs/method.md, Downloads: one dictionary entry a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.reference.hubs import VARIABLES, Hub
from tests.reference.identities import Identities, Model, days

DAY = timedelta(1)


@dataclass
class Day:
    """A model on a day. `counter` is at its end."""

    counter: int
    counter_status: str
    downloads: int | None
    adjustment: int
    day_status: str


@dataclass
class History:
    """A model's counters. `known` has the eve of a launch, `days` has what is published."""

    known: dict[date, tuple[int, str]]
    days: dict[date, Day]
    before_history: int
    opened_on: date | None
    # Days on which the counter itself was read (or known to be 0, on the eve of a launch).
    read: list[date]
    # The level of the rest of the Hub by month (tests/reference/growth.py).
    levels: dict[date, Fraction] = field(default_factory=dict)


def readings(model: Model) -> dict[date, int]:
    """The counter on each day on which it was read."""
    return {
        day: record.downloads_all_time
        for day, record in model.reads.items()
        if not record.is_rejected and record.downloads_all_time is not None
    }


def history(hub: Hub, model: Model) -> History | None:
    """Every day's counter, status, downloads and adjustment; None without a counter."""
    read = readings(model)
    if not read:
        return None
    first = min(read)
    is_launch = (
        model.created_on is not None
        and hub.first <= model.created_on <= first
        and (first - model.created_on).days <= VARIABLES["max_gap_days"]
    )
    points = dict(read)
    start = first
    if is_launch and model.created_on is not None:
        start = model.created_on
        points[start - DAY] = 0
    known: dict[date, tuple[int, str]] = {}
    ordered = sorted(points)
    for left, right in pairwise(ordered):
        low, high, gap = points[left], points[right], (right - left).days
        for step in range(1, gap):
            risen = (max(high - low, 0) * step) // gap
            known[left + step * DAY] = (low + risen, "interpolated")
    for day in ordered:
        known[day] = (points[day], "observed")
    last = ordered[-1]
    for day in days(last + DAY, hub.as_of):
        known[day] = (points[last], "carried")
    published = {day: _day(day, known) for day in days(start, hub.as_of)}
    return History(
        known,
        published,
        0 if is_launch else points[first],
        None if is_launch else first,
        ordered,
    )


def _day(day: date, known: dict[date, tuple[int, str]]) -> Day:
    counter, status = known[day]
    before = known.get(day - DAY)
    if before is None or status == "carried":
        return Day(counter, status, None, 0, "missing")
    net = counter - before[0]
    is_observed = status == before[1] == "observed"
    return Day(
        counter,
        status,
        max(net, 0),
        min(net, 0),
        "observed" if is_observed else "interpolated",
    )


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month + timedelta(32)).replace(day=1) - DAY


@dataclass
class Month:
    """A model in a month."""

    downloads: int | None
    adjustment: int
    cumulative: int
    before_history: int
    observed: int
    interpolated: int
    missing: int
    downloads_interpolated: int
    is_carried: bool


def months(hub: Hub, found: History) -> dict[date, Month]:
    """Docs/method.md, Months."""
    result = {}
    for month in sorted({month_of(day) for day in found.days}):
        inside = {day: entry for day, entry in found.days.items() if month_of(day) == month}
        known = [entry.downloads for entry in inside.values() if entry.downloads is not None]
        last = inside[min(month_end(month), hub.as_of)]
        statuses = [entry.day_status for entry in inside.values()]
        result[month] = Month(
            sum(known) if known else None,
            sum(entry.adjustment for entry in inside.values()),
            last.counter,
            found.before_history if found.opened_on in inside else 0,
            statuses.count("observed"),
            statuses.count("interpolated"),
            statuses.count("missing"),
            sum(
                entry.downloads or 0
                for entry in inside.values()
                if entry.day_status == "interpolated"
            ),
            last.counter_status == "carried",
        )
    return result


def is_complete(month: date, known: tuple[date, date], by_model: dict[str, History]) -> bool:
    """Ended by the last day known, and the history (of any counter) reaches back to its eve."""
    start = min(min(history.days) for history in by_model.values())
    return month_end(month) <= known[1] and max(start, known[0]) < month


def histories(hub: Hub, identities: Identities) -> dict[str, History]:
    """Every model with a counter, by name."""
    found = {model.model_id: history(hub, model) for model in identities.models.values()}
    return {name: entry for name, entry in found.items() if entry is not None}


@dataclass
class Group:
    """A group of models in a month."""

    downloads: int | None
    share: float | None
    rank: int | None
    adjustment: int
    cumulative: int
    cumulative_share: float | None
    growth: float | None
    interpolated: int | None
    models: int
    carried: int
    newly_covered: int
    is_complete: bool


def groups(
    hub: Hub, members: dict[str, str], by_model: dict[str, History], known: tuple[date, date]
) -> dict[tuple[date, str], Group]:
    """Sums over the models of each group, given each model's group, and the first and the last day
    on which its population was read."""
    cells: dict[tuple[date, str], list[Month]] = {}
    for name, group in members.items():
        if name in by_model:
            for month, entry in months(hub, by_model[name]).items():
                cells.setdefault((month, group), []).append(entry)
    result = {
        cell: Group(
            _sum([entry.downloads for entry in entries]),
            None,
            None,
            sum(entry.adjustment for entry in entries),
            sum(entry.cumulative for entry in entries),
            None,
            None,
            # Part of the downloads: as unknown as they are.
            _sum(
                [
                    None if entry.downloads is None else entry.downloads_interpolated
                    for entry in entries
                ]
            ),
            len(entries),
            sum(entry.is_carried for entry in entries),
            sum(entry.before_history for entry in entries),
            is_complete(cell[0], known, by_model),
        )
        for cell, entries in cells.items()
    }
    for month in {month for month, _ in result}:
        _compare(month, result)
    return result


def _compare(month: date, cells: dict[tuple[date, str], Group]) -> None:
    """Shares, ranks and growth of a month's groups."""
    inside = {group: cell for (at, group), cell in cells.items() if at == month}
    total = sum(cell.downloads or 0 for cell in inside.values())
    cumulative = sum(cell.cumulative for cell in inside.values())
    led = sorted(
        (-cell.downloads, group)
        for group, cell in inside.items()
        if cell.downloads is not None and group not in {"unknown", "none"}
    )
    ranks = {group: number for number, (_, group) in enumerate(led, 1)}
    for group, cell in inside.items():
        if cell.downloads is not None and total:
            cell.share = cell.downloads / total
        cell.cumulative_share = cell.cumulative / cumulative if cumulative else None
        cell.rank = ranks.get(group)
        before = cells.get((month_of(month - DAY), group))
        if cell.is_complete and before is not None and before.is_complete and before.downloads:
            cell.growth = None if cell.downloads is None else cell.downloads / before.downloads - 1


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
