"""The planted truth: what the warehouse must say of the sample, worked out in plain Python.

Nothing here reads the written files or any SQL. The rules are those of docs/method.md; each
function names its section.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from extract.sources.sample import tokens, write
from extract.sources.sample.models import (
    FIRST_DAY,
    HUB_FLOOR,
    LAST_DAY,
    MISSING_DAYS,
    PUBLISHED_DAY,
    READ_DAYS,
    Model,
    at,
    day_of,
)

HORIZONS = (7, 14, 30, 60, 90, 180, 365)
MAX_GAP_DAYS = 7
TOP = 10
MIN_MEDIAN = 5
TRAILING_MAX_HORIZON = 28
AS_OF = READ_DAYS[-1]


@dataclass
class History:
    """A model's counters between its first and last known day (docs/method.md, Downloads).

    `counters[k]` is the counter at the end of day `start + k`, `observed[k]` whether it was read.
    """

    start: int
    counters: list[int]
    observed: list[bool]
    readings: list[int]
    first_reading: int
    before: int

    @property
    def last(self) -> int:
        """The day of the last reading."""
        return self.start + len(self.counters) - 1

    def counter(self, day: int) -> int | None:
        """The counter at a day's end, None where it is unknown."""
        return self.counters[day - self.start] if self.start <= day <= self.last else None

    def carried(self, day: int) -> int | None:
        """As `counter`, but after the last reading the last counter stays."""
        return self.counter(min(day, self.last))

    def is_observed(self, day: int) -> bool:
        """Whether the counter at a day's end was read."""
        return self.start <= day <= self.last and self.observed[day - self.start]

    def gap_around(self, day: int) -> int:
        """Days between the readings around a day; 0 where the day itself was read."""
        if self.is_observed(day):
            return 0
        earlier = max((d for d in self.readings if d <= day), default=self.start)
        return min(d for d in self.readings if d >= day) - earlier


def settle(readings: Sequence[tuple[int, int]], created_day: int) -> History:
    """Whole counters by day from readings `(day, counter)` in order of day.

    First readings, falls and gaps as docs/method.md, Downloads, has them: day k of an n-day gap
    from c0 up to c1 is c0 + floor((c1 - c0) * k / n); a fall is held and booked on the day of
    the lower reading.
    """
    points = list(readings)
    before = points[0][1]
    if created_day >= 0 and points[0][0] - created_day <= MAX_GAP_DAYS:
        points.insert(0, (created_day - 1, 0))
        before = 0
    start = points[0][0]
    counters, observed = [points[0][1]], [True]
    for (day0, count0), (day1, count1) in pairwise(points):
        width = day1 - day0
        for step in range(1, width):
            rise = max(count1 - count0, 0)
            counters.append(count0 + rise * step // width)
            observed.append(False)
        counters.append(count1)
        observed.append(True)
    return History(start, counters, observed, [day for day, _ in points], readings[0][0], before)


def history_of(model: Model) -> History:
    """The history that the model's snapshots give; a rejected record is no reading."""
    readings = [
        (day, model.counters[day])
        for day in READ_DAYS
        if model.is_present(day) and day not in model.rejected_on
    ]
    return settle(readings, model.created_day)


# --- months --------------------------------------------------------------------------------


# The month of each day, and the last day up to the as-of day of each month.
MONTHS: tuple[str, ...] = tuple(day_of(day).replace(day=1).isoformat() for day in range(AS_OF + 1))
MONTH_ENDS: dict[str, int] = {month: day for day, month in enumerate(MONTHS)}


def months_of(history: History) -> list[dict[str, Any]]:
    """A model's months, from its first known counter to the as-of day."""
    sums: dict[str, dict[str, Any]] = {}
    # A history from the creation on starts with the 0 of the day before it.
    first = history.start + (history.start < history.first_reading)
    for month, end in MONTH_ENDS.items():
        if end >= first:
            sums[month] = {
                "month": month,
                "downloads": 0,
                "adjustment": 0,
                "cumulative_downloads": history.carried(end),
                "days_observed": 0,
                "days_interpolated": 0,
                "is_carried": end > history.last,
            }
    for place in range(1, len(history.counters)):
        row = sums[MONTHS[history.start + place]]
        change = history.counters[place] - history.counters[place - 1]
        row["downloads"] += max(change, 0)
        row["adjustment"] += min(change, 0)
        known = history.observed[place] and history.observed[place - 1]
        row["days_observed" if known else "days_interpolated"] += 1
    return list(sums.values())


def _groups(
    models: Sequence[Model], histories: dict[str, History], months: dict[str, list[dict[str, Any]]]
) -> Iterable[dict[str, Any]]:
    """Sums by month: tracked models by region, organisation and bucket; the whole Hub at once."""
    sums: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for model in models:
        first_month = MONTHS[histories[model.key].first_reading]
        keys = [("hub", "all", "all")]
        if model.tracked:
            keys += [
                ("tracked", "all", "all"),
                ("tracked", "region", model.region),
                ("tracked", "org", model.org),
                ("tracked", "size_bucket", model.bucket),
            ]
        for row in months[model.key]:
            for group in keys:
                total = sums[row["month"], *group]
                for name in ("downloads", "adjustment", "cumulative_downloads"):
                    total[name] += row[name]
                total["models_carried"] += row["is_carried"]
                is_new = row["month"] == first_month
                total["newly_covered"] += histories[model.key].before if is_new else 0
    for (month, population, kind, key), total in sorted(sums.items()):
        yield {"population": population, "month": month, "kind": kind, "key": key} | total


# --- adoption ------------------------------------------------------------------------------


def released_on(model: Model, corrections: Mapping[str, str]) -> date | None:
    """The release-date correction, else the creation; None at the Hub's creation floor."""
    if model.created_at.isoformat() == HUB_FLOOR:
        return None
    correction = corrections.get(model.model_id)
    return date.fromisoformat(correction) if correction else model.created_at.date()


def _adoption_of(
    model: Model, history: History, corrections: Mapping[str, str]
) -> list[dict[str, Any]]:
    """C(m, t) at the horizons (docs/method.md, Relative adoption)."""
    rows = []
    released = released_on(model, corrections)
    early = released is None or released < model.created_at.date()
    day0 = model.created_day if early or released is None else (released - FIRST_DAY).days
    base = None if early else history.counter(day0 - 1)
    for horizon in HORIZONS:
        target = day0 + horizon
        end = history.counter(target)
        row: dict[str, Any] = {
            "model_id": model.key,
            "size_bucket": model.bucket,
            "horizon_days": horizon,
            "cumulative_downloads": None,
            "basis": None,
            "is_interpolated": None,
            "is_wide_gap": None,
        }
        if base is not None and end is not None:
            row["cumulative_downloads"] = end - base
            row["basis"] = "all_time"
            exact = history.is_observed(day0 - 1) and history.is_observed(target)
            row["is_interpolated"] = not exact
            row["is_wide_gap"] = history.gap_around(target) > max(2, horizon / 7)
        elif (
            # All downloads since the creation are in the trailing 30 days.
            horizon <= TRAILING_MAX_HORIZON
            and day0 == model.created_day
            and not early
            and target in history.readings
        ):
            row["cumulative_downloads"] = model.trailing[target]
            row["basis"] = "trailing_30d"
            row["is_interpolated"] = row["is_wide_gap"] = False
        rows.append(row)
    return rows


def _file_only_adoption() -> list[dict[str, Any]]:
    """The model without an all-time counter: a trailing-30-day reading on day 0 + t, t <= 28."""
    counts = {at(day): count for day, count, _ in write.FILE_ONLY_READINGS}
    day0 = at(write.FILE_ONLY_CREATED)
    rows = []
    for horizon in HORIZONS:
        count = counts.get(day0 + horizon) if horizon <= TRAILING_MAX_HORIZON else None
        rows.append(
            {
                "model_id": write.FILE_ONLY_MODEL,
                "size_bucket": "1-5B",
                "horizon_days": horizon,
                "cumulative_downloads": count,
                "basis": "trailing_30d" if count is not None else None,
                "is_interpolated": False if count is not None else None,
                "is_wide_gap": False if count is not None else None,
            }
        )
    return rows


def _median(values: Sequence[int]) -> float | None:
    return float(statistics.median(values)) if len(values) >= MIN_MEDIAN else None


def adoption(
    models: Sequence[Model], histories: dict[str, History], corrections: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All tracked models' rows with their scores, and the references behind them.

    `corrections` are the release dates by model that differ from the creation. They are an
    argument because the seeds may know more of them than the sample does.
    """
    rows = _file_only_adoption()
    counter: dict[str, int] = {}
    bucket_of: dict[str, str] = {write.FILE_ONLY_MODEL: "1-5B"}
    for model in models:
        if model.tracked:
            rows += _adoption_of(model, histories[model.key], corrections)
            bucket_of[model.key] = model.bucket
            counter[model.key] = histories[model.key].carried(AS_OF) or 0
    references = []
    for bucket in sorted(set(bucket_of.values())):
        # Highest counter first, ties by name in binary order; without a counter, last of all.
        members = sorted(
            (name for name, mine in bucket_of.items() if mine == bucket),
            key=lambda name: (-counter.get(name, -1), name.encode()),
        )
        cutoff_before: float | None = None
        for horizon in HORIZONS:
            mine = [r for r in rows if r["size_bucket"] == bucket and r["horizon_days"] == horizon]
            known = {
                r["model_id"]: r["cumulative_downloads"]
                for r in mine
                if r["cumulative_downloads"] is not None and not r["is_wide_gap"]
                # Models of unknown size are not alike, so they are no bucket to compare in.
                if bucket != "unknown"
            }
            top = members[:TOP]
            cohort = [name for name in members if name in known][:TOP]
            in_median = [known[name] for name in top if name in known]
            ordered = sorted(known.values(), reverse=True)
            raw = float(ordered[TOP - 1]) if len(ordered) >= TOP else None
            cutoff = raw if raw is None else max(raw, cutoff_before or 0.0)
            cutoff_before = cutoff if cutoff is not None else cutoff_before
            reference = {
                "size_bucket": bucket,
                "horizon_days": horizon,
                "reference_median": _median(in_median),
                "reference_median_models": len(in_median),
                "reference_cutoff": cutoff,
                "reference_cutoff_raw": raw,
                "reference_cutoff_models": len(ordered),
                "reference_cohort": _median([known[name] for name in cohort]),
                "top_set": top,
            }
            references.append(reference)
            for row in mine:
                _score(row, reference, ordered, known)
    return rows, references


def _score(
    row: dict[str, Any], reference: dict[str, Any], ordered: list[int], known: dict[str, int]
) -> None:
    """Adds the three scores and the rank; none for an unknown C or one across a wide gap."""
    scored = row["model_id"] in known
    for name in ("median", "cutoff", "cohort"):
        value = reference[f"reference_{name}"]
        row[f"ram_{name}"] = row["cumulative_downloads"] / value if scored and value else None
    row["in_reference"] = row["model_id"] in reference["top_set"]
    row["rank_in_bucket"] = 1 + ordered.index(row["cumulative_downloads"]) if scored else None


# --- lineage -------------------------------------------------------------------------------


def _edges(models: Sequence[Model]) -> list[dict[str, Any]]:
    """Every edge with its parent resolved: by `_id`, else by name in any case, old or new."""
    by_oid = {model.oid: model.key for model in models if model.oid}
    by_name: dict[str, str] = {}
    for model in models:
        for name in (model.model_id, *(name for _, name in model.earlier_names)):
            by_name[name.lower()] = model.key
    edges = []
    for model in models:
        for edge in model.edges:
            if edge.oid is not None and edge.oid in by_oid:
                parent, status = by_oid[edge.oid], "loaded"
            elif edge.oid is not None:
                parent, status = edge.parent_id, "not_loaded"
            elif edge.parent_id.lower() in by_name:
                parent, status = by_name[edge.parent_id.lower()], "loaded"
            else:
                parent, status = edge.parent_id, "unresolved"
            edges.append(
                {
                    "child_id": model.key,
                    "parent_id": parent,
                    "relation": edge.relation,
                    "parent_status": status,
                    "is_dangling": status == "unresolved",
                    "is_self": parent == model.key,
                    "is_first_party": parent.split("/")[0] == model.org,
                }
            )
    return edges


def _ancestors(start: str, parents: dict[str, set[str]]) -> dict[str, int]:
    """All ancestors with the smallest depth; the model itself too, where a cycle leads back."""
    depth: dict[str, int] = {}
    frontier = parents.get(start, set())
    level = 1
    while frontier:
        for node in sorted(frontier):  # the order of a set changes from process to process
            depth[node] = level
        frontier = {p for node in frontier for p in parents.get(node, set())} - depth.keys()
        level += 1
    return depth


def _lineage(models: Sequence[Model]) -> dict[str, list[dict[str, Any]]]:
    """Edges, closure and roots (docs/method.md, Lineage)."""
    edges = _edges(models)
    parents: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if not edge["is_self"]:
            parents[edge["child_id"]].add(edge["parent_id"])
    loaded = {model.key for model in models}
    names = loaded | {edge["parent_id"] for edge in edges}
    above = {name: _ancestors(name, parents) for name in names}
    component = {
        name: frozenset([name, *(a for a in above[name] if name in above[a])]) for name in names
    }
    for edge in edges:
        same = component[edge["child_id"]] == component[edge["parent_id"]]
        edge["in_cycle"] = same and not edge["is_self"]
    closure = [
        {"model_id": name, "ancestor_id": ancestor, "depth": depth}
        for name in sorted(loaded)
        for ancestor, depth in sorted(above[name].items())
        if ancestor != name
    ]
    roots = []
    for name in sorted(loaded):
        found: dict[frozenset[str], int] = {}
        for node, depth in {**above[name], name: 0}.items():
            members = component[node]
            if all(parents.get(member, set()) <= members for member in members):
                nearest = 0 if name in members else depth
                found[members] = min(nearest, found.get(members, nearest))
        for members, depth in found.items():
            smallest = min(members, key=str.encode)
            roots.append(
                {
                    "model_id": name,
                    "root_id": smallest if len(members) == 1 else f"cycle:{smallest}",
                    "roots": len(found),
                    "depth": depth,
                    "root_is_provisional": not members <= loaded,
                }
            )
    return {"edges": edges, "closure": closure, "roots": roots}


# --- all of it -----------------------------------------------------------------------------


def _tokens() -> list[dict[str, Any]]:
    """Tokens by day and base slug, variants summed; the newest download's values."""
    rows = []
    for day in tokens.days():
        sums: dict[str, int] = defaultdict(int)
        for slug, count in tokens.day_rows(day):
            sums[tokens.base_slug(slug)] += count
        rows += [
            {"day": str(day), "base_slug": slug, "tokens": count}
            for slug, count in sorted(sums.items())
        ]
    return rows


def _model_row(model: Model, history: History, corrections: Mapping[str, str]) -> dict[str, Any]:
    released = released_on(model, corrections)
    return {
        "hub_id": model.oid,
        "org": model.org,
        "region": model.region if model.tracked else None,
        "is_tracked": model.tracked,
        "is_available": model.is_present(AS_OF),
        "parameters_total": model.parameters,
        "size_bucket": model.bucket,
        "release_id": model.release_id,
        "created_on": str(model.created_at.date()),
        "released_on": str(released) if released else None,
        "first_reading_on": str(day_of(history.first_reading)),
        "last_reading_on": str(day_of(history.last)),
        "downloads_before_history": history.before,
        "downloads_all_time": history.counters[-1],
        "counter_published": history.carried(PUBLISHED_DAY),
        "counter_as_of": history.carried(AS_OF),
    }


def build_truth(models: Sequence[Model]) -> dict[str, Any]:
    """The whole truth as one JSON object; its schema is in the package's docstring."""
    histories = {model.key: history_of(model) for model in models}
    months = {name: months_of(history) for name, history in histories.items()}
    corrections = {m.model_id: m.announced_on for m in models if m.announced_on is not None}
    rows, references = adoption(models, histories, corrections)
    return {
        "data_kind": "synthetic",
        "first_day": str(FIRST_DAY),
        "as_of": str(LAST_DAY),
        "published_day": str(day_of(PUBLISHED_DAY)),
        "missing_days": [str(day_of(day)) for day in sorted(MISSING_DAYS)],
        "snapshots": len(READ_DAYS),
        "rejects": sum(len(model.rejected_on) for model in models),
        "file_only_model": write.FILE_ONLY_MODEL,
        "unknown_region_orgs": ["quiet-harbor-lab"],
        "models": {m.key: _model_row(m, histories[m.key], corrections) for m in models},
        "months": [{"model_id": name} | row for name in months for row in months[name]],
        "groups": list(_groups(models, histories, months)),
        "adoption": rows,
        "references": references,
        "lineage": _lineage(models),
        "tokens": _tokens(),
        "token_models": tokens.catalogue_matches(),
    }
