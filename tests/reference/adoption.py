"""Relative adoption, by docs/method.md, Relative adoption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.reference.downloads import DAY, History
from tests.reference.hubs import HORIZONS, VARIABLES, Hub
from tests.reference.identities import Identities, Model


@dataclass
class Launch:
    """C(m, t) and what hangs on it."""

    model: Model
    counter_now: int | None
    c: int
    is_interpolated: bool
    is_wide_gap: bool
    basis: str


@dataclass
class References:
    """The references of a bucket and horizon."""

    median: Fraction | None
    median_members: list[Launch]
    cutoff_raw: int | None
    cutoff: int | None
    known: list[Launch]
    cohort: Fraction | None
    cohort_members: list[Launch]


def launch(hub: Hub, model: Model, found: History | None, horizon: int) -> Launch | None:
    """C(m, t), or None where it is not known."""
    if model.day_zero is None or not model.is_tracked:
        return None
    at, eve = model.day_zero + timedelta(horizon), model.day_zero - DAY
    now = found.known[hub.as_of][0] if found else None
    start, end = (found.known.get(eve), found.known.get(at)) if found else (None, None)
    if found is None or start is None or end is None or "carried" in (start[1], end[1]):
        c = _trailing(model, at, horizon)
        return None if c is None else Launch(model, now, c, False, False, "trailing_30d")
    around = 0
    if at not in found.read:
        before = max(day for day in found.read if day < at)
        around = (min(day for day in found.read if day > at) - before).days
    return Launch(
        model,
        now,
        end[0] - start[0],
        "interpolated" in (start[1], end[1]),
        around > 2 and 7 * around > horizon,
        "all_time",
    )


def _trailing(model: Model, at: date, horizon: int) -> int | None:
    """The trailing 30 days of the horizon's day: no all-time counter tells C."""
    record = model.reads.get(at)
    if record is None or record.is_rejected or model.day_zero != model.created_on:
        return None
    return record.downloads_30d if horizon <= VARIABLES["trailing_max_days"] else None


def launches(
    hub: Hub, identities: Identities, by_model: dict[str, History]
) -> dict[tuple[str, int], Launch]:
    """All known C(m, t)."""
    result = {}
    for model in identities.models.values():
        for horizon in HORIZONS:
            entry = launch(hub, model, by_model.get(model.model_id), horizon)
            if entry is not None:
                result[model.model_id, horizon] = entry
    return result


def median(values: list[int]) -> Fraction | None:
    """The middle value, or the mean of the middle two; None with too few."""
    if len(values) < VARIABLES["reference_min_models"]:
        return None
    ordered, half = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half], 2)


def _leaders(models: list[tuple[int | None, str]]) -> list[str]:
    """The names with the highest counters, ties by name; those without a counter come last."""
    ordered = sorted((counter is None, -(counter or 0), name) for counter, name in models)
    return [name for *_, name in ordered[: VARIABLES["reference_models"]]]


def references(
    hub: Hub,
    identities: Identities,
    by_model: dict[str, History],
    found: dict[tuple[str, int], Launch],
) -> dict[tuple[str, int], References]:
    """The three references of each bucket and horizon."""
    result: dict[tuple[str, int], References] = {}
    tracked = [model for model in identities.models.values() if model.is_tracked]
    for bucket in {model.bucket for model in tracked} - {"unknown"}:
        now: list[tuple[int | None, str]] = [
            (by_model[model.model_id].known[hub.as_of][0], model.model_id)
            for model in tracked
            if model.bucket == bucket and model.model_id in by_model
        ]
        top = _leaders(now)
        highest: int | None = None
        for horizon in HORIZONS:
            known = [
                entry
                for (_, at), entry in found.items()
                if at == horizon and entry.model.bucket == bucket and not entry.is_wide_gap
            ]
            entry = _references(known, top)
            if entry.cutoff_raw is not None:
                highest = entry.cutoff_raw if highest is None else max(entry.cutoff_raw, highest)
                entry.cutoff = highest
            result[bucket, horizon] = entry
    return result


def _references(known: list[Launch], top: list[str]) -> References:
    known = sorted(known, key=lambda entry: (-entry.c, entry.model.model_id))
    members = [entry for entry in known if entry.model.model_id in top]
    chosen = _leaders([(entry.counter_now, entry.model.model_id) for entry in known])
    cohort = [entry for entry in known if entry.model.model_id in chosen]
    size = VARIABLES["reference_models"]
    return References(
        median([entry.c for entry in members]),
        members,
        known[size - 1].c if len(known) >= size else None,
        None,
        known,
        median([entry.c for entry in cohort]),
        cohort,
    )


def score(c: int, reference: Fraction | int | None) -> float | None:
    """C over a reference; none where there is none, or it is not positive."""
    return float(c / Fraction(reference)) if reference and reference > 0 else None


def rows(
    hub: Hub, identities: Identities, by_model: dict[str, History]
) -> dict[tuple[str, int], tuple[object, ...]]:
    """The mart: one row per tracked model and horizon at which C is known."""
    found = launches(hub, identities, by_model)
    by_bucket = references(hub, identities, by_model, found)
    result: dict[tuple[str, int], tuple[object, ...]] = {}
    for (name, horizon), entry in found.items():
        at = by_bucket.get((entry.model.bucket, horizon))
        c = entry.c
        first: tuple[object, ...] = (
            entry.model.bucket,
            c,
            entry.is_interpolated,
            entry.is_wide_gap,
            False,
            entry.basis,
        )
        result[name, horizon] = first + _scores(name, c, at) + (hub.as_of,)
    return result


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _scores(name: str, c: int, at: References | None) -> tuple[object, ...]:
    if at is None:
        return (None, None, 0, None, None, None, False, None, None, None, 0, None, None, 0, None)
    status = None
    released = sorted(
        entry.model.day_zero for entry in at.median_members if entry.model.day_zero is not None
    )
    if at.median is not None:
        is_full = len(at.median_members) >= VARIABLES["reference_models"]
        status = "complete" if is_full else "partial"
    ranks = {entry.model.model_id: rank for rank, entry in enumerate(at.known, 1)}
    return (
        score(c, at.median),
        _float(at.median),
        len(at.median_members),
        status,
        released[0] if released else None,
        released[-1] if released else None,
        name in {entry.model.model_id for entry in at.median_members},
        score(c, at.cutoff),
        at.cutoff,
        at.cutoff_raw,
        len(at.known),
        score(c, at.cohort),
        _float(at.cohort),
        len(at.cohort_members),
        ranks.get(name),
    )
