"""Relative adoption, by docs/method.md, Relative adoption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.reference import growth
from tests.reference.downloads import DAY, History
from tests.reference.hubs import HORIZONS, RELEASES, VARIABLES, Hub
from tests.reference.identities import Identities, Model


@dataclass
class Launch:
    """C(m, t) of a model or a release, and what hangs on it."""

    name: str
    bucket: str
    day_zero: date
    counter_now: int | None
    c: int
    low: int
    high: int
    is_interpolated: bool
    is_wide_gap: bool
    basis: str
    # C with each day's downloads over the level of the Hub.
    deflated: Fraction | None


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
    # C over the level of the Hub, of those members of which it is known.
    deflated: list[Fraction]


def launch(
    hub: Hub, model: Model, found: History | None, horizon: int, since: date | None = None
) -> Launch | None:
    """C(m, t) from day 0 (or an earlier day `since`) on, or None where it is not known."""
    if model.day_zero is None or not model.is_tracked:
        return None
    day_zero = since or model.day_zero
    at, eve = day_zero + timedelta(horizon), day_zero - DAY
    now = found.known[hub.as_of][0] if found else None
    start, end = (_counter(found, eve), _counter(found, at)) if found else (None, None)
    if found is None or start is None or end is None:
        c = _trailing(model, at, horizon, day_zero)
        if c is None:
            return None
        return Launch(
            model.model_id, model.bucket, day_zero, now, c, c, c, False, False, "trailing_30d", None
        )
    around = 0
    if at not in found.read:
        before = max(day for day in found.read if day < at)
        around = (min(day for day in found.read if day > at) - before).days
    return Launch(
        model.model_id,
        model.bucket,
        day_zero,
        now,
        end.counter - start.counter,
        end.low - start.high,
        end.high - start.low,
        not (start.is_read and end.is_read),
        around > 2 and 7 * around > horizon,
        "all_time",
        growth.deflated(found, day_zero, at),
    )


@dataclass
class Counter:
    """A counter at a day's end, and between what it must lie."""

    counter: int
    low: int
    high: int
    is_read: bool


def _counter(found: History, day: date) -> Counter | None:
    """Known where it was read, lies between two readings, or a launch that was seen is to come."""
    if found.opened_on is None and day < min(found.read):
        return Counter(0, 0, 0, True)
    counter, status = found.known.get(day, (0, "carried"))
    if status == "carried":
        return None
    if day in found.read:
        return Counter(counter, counter, counter, True)
    around = [
        found.known[max(read for read in found.read if read < day)][0],
        found.known[min(read for read in found.read if read > day)][0],
    ]
    return Counter(counter, min(around), max(around), False)


def _trailing(model: Model, at: date, horizon: int, day_zero: date) -> int | None:
    """The trailing 30 days of the horizon's day: no all-time counter tells C."""
    record = model.reads.get(at)
    if record is None or record.is_rejected:
        return None
    if model.created_on is None or model.created_on < day_zero:
        return None
    return record.downloads_30d if horizon <= VARIABLES["trailing_max_days"] else None


def launches(
    hub: Hub, identities: Identities, by_model: dict[str, History], ages: tuple[int, ...] = HORIZONS
) -> dict[tuple[str, int], Launch]:
    """All known C(m, t)."""
    result = {}
    for model in identities.models.values():
        for age in ages:
            entry = launch(hub, model, by_model.get(model.model_id), age)
            if entry is not None:
                result[model.model_id, age] = entry
    return result


def median(values: Sequence[int | Fraction]) -> Fraction | None:
    """The middle value, or the mean of the middle two; None with too few."""
    return None if len(values) < VARIABLES["reference_min_models"] else middle(values)


def middle(values: Sequence[int | Fraction]) -> Fraction:
    """The middle value, or the mean of the middle two."""
    ordered, half = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half]) / 2


def _leaders(models: list[tuple[int | None, str]]) -> list[str]:
    """The names with the highest counters, ties by name; those without a counter come last."""
    ordered = sorted((counter is None, -(counter or 0), name) for counter, name in models)
    return [name for *_, name in ordered[: VARIABLES["reference_models"]]]


@dataclass
class Candidate:
    """Who may stand in a top set."""

    name: str
    bucket: str
    counter_now: int


def candidates(hub: Hub, identities: Identities, by_model: dict[str, History]) -> list[Candidate]:
    """The tracked models with a counter."""
    return [
        Candidate(model.model_id, model.bucket, by_model[model.model_id].known[hub.as_of][0])
        for model in identities.models.values()
        if model.is_tracked and model.model_id in by_model
    ]


def references(
    standing: list[Candidate],
    found: dict[tuple[str, int], Launch],
    ages: tuple[int, ...] = HORIZONS,
) -> dict[tuple[str, int], References]:
    """The three references of each bucket and horizon."""
    result: dict[tuple[str, int], References] = {}
    buckets = {one.bucket for one in standing} | {entry.bucket for entry in found.values()}
    for bucket in buckets - {"unknown"}:
        top = _leaders([(one.counter_now, one.name) for one in standing if one.bucket == bucket])
        highest: int | None = None
        for age in ages:
            known = [
                entry
                for (_, at), entry in found.items()
                if at == age and entry.bucket == bucket and not entry.is_wide_gap
            ]
            entry = _references(known, top)
            if entry.cutoff_raw is not None:
                highest = entry.cutoff_raw if highest is None else max(entry.cutoff_raw, highest)
                entry.cutoff = highest
            result[bucket, age] = entry
    return result


def _references(known: list[Launch], top: list[str]) -> References:
    known = sorted(known, key=lambda entry: (-entry.c, entry.name))
    members = [entry for entry in known if entry.name in top]
    chosen = _leaders([(entry.counter_now, entry.name) for entry in known])
    cohort = [entry for entry in known if entry.name in chosen]
    size = VARIABLES["reference_models"]
    return References(
        median([entry.c for entry in members]),
        members,
        known[size - 1].c if len(known) >= size else None,
        None,
        known,
        median([entry.c for entry in cohort]),
        cohort,
        [entry.deflated for entry in members if entry.deflated is not None],
    )


def score(c: int | Fraction, reference: Fraction | int | None) -> float | None:
    """C over a reference; none where there is none, or it is not positive."""
    return float(c / Fraction(reference)) if reference and reference > 0 else None


Rows = dict[tuple[str, int], tuple[object, ...]]


def rows(hub: Hub, identities: Identities, by_model: dict[str, History]) -> Rows:
    """`relative_adoption`: one row per tracked model and horizon at which C is known."""
    found = launches(hub, identities, by_model)
    by_bucket = references(candidates(hub, identities, by_model), found)
    return {
        key: row(hub, entry, by_bucket.get((entry.bucket, key[1]))) for key, entry in found.items()
    }


def rows_active(hub: Hub, identities: Identities, by_model: dict[str, History]) -> Rows:
    """`relative_adoption_active`: among models with as many active parameters."""
    models = identities.by_name()
    standing = candidates(hub, identities, by_model)
    found = launches(hub, identities, by_model)
    for candidate in standing:
        candidate.bucket = models[candidate.name].active_bucket
    for entry in found.values():
        entry.bucket = models[entry.name].active_bucket
    by_bucket = references(standing, found)
    return {
        key: row(hub, entry, by_bucket.get((entry.bucket, key[1]))) for key, entry in found.items()
    }


def rows_now(hub: Hub, identities: Identities, by_model: dict[str, History]) -> Rows:
    """`relative_adoption_now`: one row per model, each with references of its own age."""
    standing = candidates(hub, identities, by_model)
    at_horizons = references(standing, launches(hub, identities, by_model))
    result: Rows = {}
    for model in identities.models.values():
        if model.day_zero is None or model.day_zero > hub.as_of:
            continue
        age = (hub.as_of - model.day_zero).days
        if age > VARIABLES["present_age_max_days"]:
            continue
        found = launches(hub, identities, by_model, (age,))
        if (model.model_id, age) not in found:
            continue
        at = references(standing, found, (age,)).get((model.bucket, age))
        below = [horizon for horizon in HORIZONS if horizon <= age]
        if at is not None and at.cutoff is not None and below:
            at.cutoff = max(at.cutoff, at_horizons[model.bucket, max(below)].cutoff or at.cutoff)
        result[model.model_id, age] = row(hub, found[model.model_id, age], at)
    return result


def rows_of_releases(hub: Hub, identities: Identities, by_model: dict[str, History]) -> Rows:
    """`release_adoption`: the repositories of a release together."""
    members: dict[str, list[Model]] = {}
    for model in identities.models.values():
        if model.is_tracked:
            members.setdefault(release_of(model), []).append(model)
    found: dict[tuple[str, int], Launch] = {}
    standing = []
    for name, models in members.items():
        models.sort(
            key=lambda model: (model.day_zero or model.created_on or date.max, model.model_id)
        )
        sizes = [model.bucket for model in models if model.bucket != "unknown"]
        bucket = sizes[0] if sizes else "unknown"
        counters = [
            by_model[model.model_id].known[hub.as_of][0]
            for model in models
            if model.model_id in by_model
        ]
        if counters:
            standing.append(Candidate(name, bucket, sum(counters)))
        starts = [model.day_zero for model in models if model.day_zero is not None]
        if len(starts) < len(models):
            continue
        for horizon in HORIZONS:
            entry = _together(hub, models, by_model, min(starts), horizon)
            if entry is not None:
                entry.name, entry.bucket = name, bucket
                entry.counter_now = sum(counters) if counters else None
                found[name, horizon] = entry
    by_bucket = references(standing, found)
    return {
        key: row(hub, entry, by_bucket.get((entry.bucket, key[1]))) for key, entry in found.items()
    }


def release_of(model: Model) -> str:
    """Docs/method.md, Release: the seed by today's name or a former one, else the name."""
    named = (RELEASES[name] for name in model.listed_as if name in RELEASES)
    return next(named, model.model_id.split("@")[0])


def _together(
    hub: Hub, models: list[Model], by_model: dict[str, History], day_zero: date, horizon: int
) -> Launch | None:
    """The sum over the repositories that exist at the horizon; None where one is not known."""
    at = day_zero + timedelta(horizon)
    parts = [
        launch(hub, model, by_model.get(model.model_id), horizon, day_zero)
        for model in models
        if model.created_on is not None and model.created_on <= at
    ]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    is_trailing = any(part.basis == "trailing_30d" for part in known)
    return Launch(
        "",
        "",
        day_zero,
        None,
        sum(part.c for part in known),
        sum(part.low for part in known),
        sum(part.high for part in known),
        any(part.is_interpolated for part in known),
        any(part.is_wide_gap for part in known),
        "trailing_30d" if is_trailing else "all_time",
        _sum([part.deflated for part in known]),
    )


def _sum(values: list[Fraction | None]) -> Fraction | None:
    """The sum, where every part is known."""
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if len(known) == len(values) else None


def row(hub: Hub, entry: Launch, at: References | None) -> tuple[object, ...]:
    """A row of each of the tables."""
    first: tuple[object, ...] = (
        entry.bucket,
        entry.c,
        entry.is_interpolated,
        entry.is_wide_gap,
        False,
        entry.basis,
    )
    bounds = (entry.low, entry.high, *left_out(entry.c, at))
    scores = _scores(entry.name, entry.c, at)
    return (*first, *scores, hub.as_of, *bounds, *_deflated_score(entry, at))


def _deflated_score(entry: Launch, at: References | None) -> tuple[float | None, int]:
    """C over the level of the Hub against the median of the reference models', and their number."""
    if at is None:
        return (None, 0)
    reference = median(at.deflated)
    known = None if entry.deflated is None else score(entry.deflated, reference)
    return (known, len(at.deflated))


def left_out(c: int, at: References | None) -> tuple[float | None, float | None]:
    """The least and the greatest score when one reference model is left out."""
    if at is None or at.median is None:
        return (None, None)
    values = [entry.c for entry in at.median_members]
    without = [middle(values[:place] + values[place + 1 :]) for place in range(len(values))]
    if min(without) <= 0:
        return (None, None)
    scores = [float(c / value) for value in without]
    return (min(scores), max(scores))


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _scores(name: str, c: int, at: References | None) -> tuple[object, ...]:
    if at is None:
        return (None, None, 0, None, None, None, False, None, None, None, 0, None, None, 0, None)
    status = None
    released = sorted(entry.day_zero for entry in at.median_members)
    if at.median is not None:
        is_full = len(at.median_members) >= VARIABLES["reference_models"]
        status = "complete" if is_full else "partial"
    ranks = {entry.name: rank for rank, entry in enumerate(at.known, 1)}
    return (
        score(c, at.median),
        _float(at.median),
        len(at.median_members),
        status,
        released[0] if released else None,
        released[-1] if released else None,
        name in {entry.name for entry in at.median_members},
        score(c, at.cutoff),
        at.cutoff,
        at.cutoff_raw,
        len(at.known),
        score(c, at.cohort),
        _float(at.cohort),
        len(at.cohort_members),
        ranks.get(name),
    )
