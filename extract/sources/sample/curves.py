"""Calibration: SYNTHETIC counters whose sums are the published aggregates.

Three steps, all by iterative proportional fitting (each margin is scaled in turn until all hold):
final counters by organisation and size bucket, then downloads by model and month, then integer
counters by day. What is published as an exact value is met to the unit, because each counter is
forced through whole-number anchors; the rest is met to about a point.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import defaultdict

from extract.sources.sample import catalogue
from extract.sources.sample.models import DAYS, PUBLISHED_DAY, Model, at, day_of

SEED = 20260331
# Trailing-30-day readings of one real release on its first seven days.
LAUNCH_READINGS = (2, 91_917, 267_725, 415_039, 665_513, 1_006_235, 1_373_584)
LAUNCH_MODEL = "openai/gpt-oss-120b"
WEEKDAY = (1.08, 1.1, 1.1, 1.08, 1.0, 0.82, 0.82)

MONTH_STARTS: tuple[int, ...] = tuple(
    at(text)
    for text in (
        "2025-02-27", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01",
        "2025-08-01", "2025-09-01", "2025-10-01", "2025-11-01", "2025-12-01", "2026-01-01",
        "2026-02-01", "2026-03-01",
    )
)  # fmt: skip
AUGUST = MONTH_STARTS.index(at("2025-08-01"))
END_OF_JULY = at("2025-07-31")


Cell = tuple[str, object]


def fit(cells: dict[Cell, float], totals: list[tuple[float, list[Cell]]], rounds: int) -> None:
    """Scales cells in place until each list of cells has its total; the last ones hold exactly.

    Iterative proportional fitting. A total over cells that are all 0 is left out.
    """
    for _ in range(rounds):
        for total, members in totals:
            found = sum(cells[cell] for cell in members)
            if found > 0:
                for cell in members:
                    cells[cell] *= total / found


def calibrate(models: list[Model]) -> None:
    """Sets `final`, `before`, `counters` and `trailing` of all tracked models."""
    _set_finals(models)
    groups: dict[str, list[Model]] = defaultdict(list)
    for model in models:
        groups[catalogue.GROUP_OF_ORG.get(model.org, model.region)].append(model)
    daily: dict[str, list[float]] = {}
    for group, members in groups.items():
        daily |= _daily_of_group(group, members)
    anchors = {model.model_id: _ends(model) for model in models}
    counters = {m.model_id: _through(daily[m.model_id], anchors[m.model_id], m) for m in models}
    for org, since in catalogue.SINCE_2025_08.items():
        members = [model for model in models if model.org == org]
        target = sum(model.final for model in members) - since
        held = sum(counters[model.model_id][END_OF_JULY] for model in members)
        taker = max(members, key=lambda m: counters[m.model_id][END_OF_JULY])
        level = counters[taker.model_id][END_OF_JULY] + target - held
        anchors[taker.model_id].insert(1, (END_OF_JULY, level))
    for name, level in (("gpt-oss-20b", 3), ("gpt-oss-120b", 2)):
        anchors[f"openai/{name}"].insert(1, (at("2025-08-04"), level))
    for offset, level in enumerate(LAUNCH_READINGS[1:], start=1):
        anchors[LAUNCH_MODEL].insert(1 + offset, (at("2025-08-04") + offset, level))
    for model in models:
        set_counters(model, _through(daily[model.model_id], anchors[model.model_id], model))


def calibrate_alone(model: Model) -> None:
    """Counters of a model that no published figure covers, from its `final` alone."""
    shape = _shape(model)
    if model.created_day < 0:
        age = -model.created_day
        model.before = model.final * age // (age + DAYS)
    set_counters(model, _through(shape, _ends(model), model))


def _set_finals(models: list[Model]) -> None:
    """Final counters: organisations' and buckets' totals hold, and the fixed cells."""
    members: dict[Cell, list[Model]] = defaultdict(list)
    for model in models:
        members[model.org, model.bucket].append(model)
    fixed: dict[Cell, int] = dict(catalogue.FIXED_CELLS.items())
    cells = {
        cell: sum(model.weight for model in mine)
        for cell, mine in members.items()
        if cell not in fixed
    }
    totals = []
    for axis, margin in (
        (1, catalogue.BUCKET_TOTALS),
        (0, {org: total for org, (_, total) in catalogue.ORGANISATIONS.items()}),
    ):
        for name, total in margin.items():
            rest = total - sum(value for cell, value in fixed.items() if cell[axis] == name)
            totals.append((float(rest), [cell for cell in cells if cell[axis] == name]))
    fit(cells, totals, rounds=200)
    cells |= fixed
    for cell, mine in members.items():
        _share_out(mine, int(cells[cell]))
    for org, (_, total) in catalogue.ORGANISATIONS.items():
        # What the rounding left over; a fixed cell has nothing left over.
        free = [m for m in models if m.org == org and (m.org, m.bucket) not in fixed]
        if free:
            largest = max(free, key=lambda model: model.final)
            largest.final += total - sum(model.final for model in models if model.org == org)


def _share_out(models: list[Model], total: int) -> None:
    """Divides a cell's downloads by weight; the sum is the total to the unit."""
    weights = sum(model.weight for model in models)
    for model in models:
        model.final = int(total * model.weight / weights)
    models[-1].final += total - sum(model.final for model in models)


def _shape(model: Model) -> list[float]:
    """Relative downloads by day index: launch, decay, week, and noise of its own."""
    noise = random.Random(f"{SEED} {model.model_id} {model.oid}")  # noqa: S311 - no secret
    ratios = [0.0] * len(LAUNCH_READINGS)
    peak = LAUNCH_READINGS[-1] - LAUNCH_READINGS[-2]
    for step in range(1, len(LAUNCH_READINGS)):
        ratios[step] = (LAUNCH_READINGS[step] - LAUNCH_READINGS[step - 1]) / peak
    ratios[0] = 0.02
    launch = model.launch_day
    half_life = noise.uniform(45, 110)
    shape = []
    for day in range(DAYS):
        age = day - launch
        if day < model.created_day or day in model.flat:
            level = 0.0
        elif age < 0:
            level = 0.0001
        elif age < len(ratios):
            level = ratios[age]
        else:
            level = 0.35 + 0.65 * math.exp(-(age - len(ratios)) / half_life)
        level *= WEEKDAY[day_of(day).weekday()] * noise.uniform(0.93, 1.07)
        shape.append(level)
    return shape


def _set_before(group: str, members: list[Model]) -> None:
    """Spreads a group's counter of the first snapshot over the models that existed then."""
    total = catalogue.GROUP_PATHS[group][0] * 1e6
    old = [model for model in members if model.created_day < 0]
    limits = {model.model_id: model.final * 0.9 for model in old}
    shares = {m.model_id: m.final * min(1.0, 0.15 + math.sqrt(-m.created_day / 1200)) for m in old}
    for _ in range(50):
        scale = total / sum(shares.values()) if old else 0
        shares = {name: min(limits[name], share * scale) for name, share in shares.items()}
    for model in old:
        model.before = int(shares[model.model_id])


def _daily_of_group(group: str, members: list[Model]) -> dict[str, list[float]]:
    """Downloads by day of each model, such that the group follows its path of month ends."""
    _set_before(group, members)
    shapes = {model.model_id: _shape(model) for model in members}
    ends = (*MONTH_STARTS[1:], PUBLISHED_DAY + 1)
    months = list(zip(MONTH_STARTS, ends, strict=True))
    rises = {model.model_id: model.final - model.before for model in members}
    cells: dict[Cell, float] = {
        (name, i): sum(shapes[name][start:end]) * rise
        for name, rise in rises.items()
        for i, (start, end) in enumerate(months)
    }
    fit(cells, _totals_of_group(group, members, rises), rounds=120)
    result = {}
    for name, shape in shapes.items():
        scaled = list(shape)
        factor = 0.0
        for i, (start, end) in enumerate(months):
            base = sum(shape[start:end])
            factor = cells[name, i] / base if base else 0.0
            scaled[start:end] = [value * factor for value in shape[start:end]]
        scaled[ends[-1] :] = [value * factor for value in shape[ends[-1] :]]
        result[name] = scaled
    return result


def _totals_of_group(
    group: str, members: list[Model], rises: dict[str, int]
) -> list[tuple[float, list[Cell]]]:
    """What a group's downloads by model and month must add up to, the exact ones last."""
    path = [value * 1e6 for value in catalogue.GROUP_PATHS[group]]
    path.append(float(sum(model.final for model in members)))
    months = range(len(MONTH_STARTS))
    totals: list[tuple[float, list[Cell]]] = [
        (path[i + 1] - path[i], [(name, i) for name in rises]) for i in months
    ]
    for org, since in catalogue.SINCE_2025_08.items():
        mine = [model.model_id for model in members if model.org == org]
        early = sum(rises[name] for name in mine) - since
        totals.append((float(early), [(name, i) for name in mine for i in months if i < AUGUST]))
        totals.append((float(since), [(name, i) for name in mine for i in months if i >= AUGUST]))
    totals += [(float(rise), [(name, i) for i in months]) for name, rise in rises.items()]
    return totals


def _ends(model: Model) -> list[tuple[int, int]]:
    """The first and last anchor of a counter: (day, value)."""
    if model.created_day < 0:
        return [(0, model.before), (model.end_day, model.final)]
    return [(model.created_day - 1, 0), (model.end_day, model.final)]


def _through(daily: list[float], anchors: list[tuple[int, int]], model: Model) -> list[int]:
    """Whole counters by day that follow `daily` and meet every anchor to the unit.

    Weights are whole numbers before anything is summed, so that the result hangs on no
    rounding of sums.
    """
    scale = max(daily) or 1.0
    # Small enough numbers lose nothing, large ones stay exact: 2**40 steps to the peak.
    whole = [round(value / scale * 2**40) for value in daily]
    sums = [0]
    for value in whole:
        sums.append(sums[-1] + value)
    days = [day for day, _ in anchors]
    counters = []
    for day in range(DAYS):
        place = bisect_right(days, day) - 1
        if place < 0:
            counters.append(0)
            continue
        left, low = anchors[place]
        if place == len(anchors) - 1:
            first, before_last = anchors[place], anchors[place - 1]
            step = sums[first[0] + 1] - sums[before_last[0] + 1]
            rise = first[1] - before_last[1]
            counters.append(low + (rise * (sums[day + 1] - sums[left + 1]) // step if step else 0))
            continue
        right, high = anchors[place + 1]
        width = sums[right + 1] - sums[left + 1]
        done = sums[day + 1] - sums[left + 1]
        counters.append(low + ((high - low) * done // width if width else 0))
        if not width and day < right and high != low:
            raise ValueError(f"{model.model_id}: nothing to follow between two anchors")
    return counters


def set_counters(model: Model, clean: list[int]) -> None:
    """Stores the counters and their trailing 30 days; spam is added before its removal."""
    counters = list(clean)
    if model.spam is not None:
        start, removal, amount = model.spam
        for day in range(start, removal):
            counters[day] += amount * (day - start + 1) // (removal - start)
    first_rate = (clean[14] - clean[0]) // 14
    trailing = []
    for day in range(DAYS):
        if day - 30 < model.created_day:
            trailing.append(clean[day])  # all its downloads are younger than 30 days
        elif day >= 30:
            trailing.append(clean[day] - clean[day - 30])
        else:
            trailing.append(clean[day] - clean[0] + (30 - day) * first_rate)
    model.counters = counters
    model.trailing = trailing
