"""Growth of the Hub, by docs/method.md, Relative adoption: the base of `ram_median_deflated`."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.reference.downloads import History, Month, is_complete, month_of, months
from tests.reference.hubs import VARIABLES, Hub
from tests.reference.identities import Identities, days


def measure(hub: Hub, identities: Identities, by_model: dict[str, History]) -> None:
    """Set `levels` of every tracked model's history."""
    panel = {
        model.model_id: (model.created_on, months(hub, by_model[model.model_id]))
        for model in identities.models.values()
        if model.is_tracked and model.model_id in by_model
    }
    for name in panel:
        others = {other: entry for other, entry in panel.items() if other != name}
        by_model[name].levels = _levels(hub, by_model, list(others.values()))


def _levels(
    hub: Hub, by_model: dict[str, History], others: list[tuple[date | None, dict[date, Month]]]
) -> dict[date, Fraction]:
    """Downloads a day by the side of the last complete month, as far back as growth is known."""
    every = sorted({month_of(day) for history in by_model.values() for day in history.days})
    complete = [month for month in every if is_complete(month, (date.min, hub.as_of), by_model)]
    levels: dict[date, Fraction] = {}
    level = Fraction(1)
    for later, earlier in pairwise(reversed(complete)):
        growth = _growth(earlier, later, others)
        if growth is None:
            break
        levels.setdefault(later, level)
        level /= growth
        levels[earlier] = level
    return levels


def _growth(
    earlier: date, later: date, others: list[tuple[date | None, dict[date, Month]]]
) -> Fraction | None:
    """Of the downloads a day of the models that are old enough and wholly known in both months."""
    oldest = earlier - timedelta(VARIABLES["deflator_min_age_days"])
    before, after = [], []
    for created_on, found in others:
        if created_on is None or created_on >= oldest:
            continue
        rates = [_per_day(month, found.get(month)) for month in (earlier, later)]
        if rates[0] is not None and rates[1] is not None:
            before.append(rates[0])
            after.append(rates[1])
    if len(before) < VARIABLES["deflator_min_models"] or not sum(before) or not sum(after):
        return None
    return Fraction(sum(after)) / Fraction(sum(before))


def _per_day(month: date, entry: Month | None) -> Fraction | None:
    """A month's downloads a day; None where a day of it is not known."""
    length = (month_of(month + timedelta(31)) - month).days
    if entry is None or entry.downloads is None or entry.missing:
        return None
    if entry.observed + entry.interpolated < length:
        return None
    return Fraction(entry.downloads, length)


def deflated(found: History, since: date, until: date) -> Fraction | None:
    """Downloads of some days, each over the level of its month; None where one is not known."""
    total = Fraction(0)
    for day in days(since, until):
        if day not in found.days:
            # Before a launch that was seen there is nothing to divide.
            continue
        entry = found.days[day]
        # The month that has not ended has the level of the last one that has.
        month = min(month_of(day), max(found.levels, default=day))
        if entry.downloads is None or month not in found.levels:
            return None
        total += (entry.downloads + entry.adjustment) / found.levels[month]
    return total
