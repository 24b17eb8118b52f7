"""One model's story: size, curve, scores, lineage, coverage and flags."""

from __future__ import annotations

from typing import Any

from hubtide.marts import Marts, Record
from hubtide.text import UNKNOWN_BAR, Table, format_table, format_value, printable, sparkline

# Bars of a sparkline: the width that is left of 80 columns.
BARS = 60
WEEK = 7

# Models listed under a heading; the number of all of them stands beside it.
LISTED = 8


def story(marts: Marts, model_id: str) -> Record:
    """All that the marts say of a model. Raises KeyError for a name that is no model's."""
    model = marts.record(
        """
        select
            model_id, org, region, family, release_id, created_at, released_on, release_basis,
            day_zero, no_day_zero_reason, parameters_total, parameters_active, parameters_basis,
            size_bucket, active_size_bucket, pipeline_tag, library_name, license, is_tracked,
            tracking_rule, downloads_all_time, downloads_30d, downloads_before_history, likes,
            first_reading_on, last_reading_on, is_available
        from dim_models
        where model_id = ?
        """,
        [model_id],
    )
    if model is None:
        raise KeyError(model_id)
    return {
        "model": model,
        "curve": _curve(marts, model),
        "scores": _scores(marts, model_id),
        "score_now": marts.record(
            "select * from relative_adoption_now where model_id = ?", [model_id]
        ),
        "scores_to_quote": _scores_to_quote(marts, model_id),
        "lineage": _lineage(marts, model_id),
        "coverage": _coverage(marts, model_id),
        "flags": marts.records(
            "select month, rule, evidence from download_flags where model_id = ? "
            "order by month, rule",
            [model_id],
        ),
        "disagreements": marts.records(
            """
            select field, source_a, value_a, source_b, value_b, used
            from source_disagreements
            where subject = ?
            order by field, source_a, source_b
            """,
            [model_id],
        ),
        "tokens": _tokens(marts, model_id),
    }


def text(story: Record) -> list[str]:
    """The story's parts as plain text, to be parted by blank lines."""
    parts = [
        _facts(story["model"]),
        _curve_text(story["curve"]),
        _scores_text(story),
        _quoted_text(story["scores_to_quote"]),
        _lineage_text(story["lineage"]),
        coverage_text(story["model"], story["coverage"]),
        *_notes(story),
    ]
    return [part for part in parts if part]


def _curve(marts: Marts, model: Record) -> Record:
    """Downloads by week of the model's age, or by month where no days are published.

    Weeks count from day 0, or from the first reading of a model that has none. A period's
    downloads are null where none of its days is known; `days_missing` says how many are not.
    """
    weeks = marts.records(
        """
        with days as (
            select
                day - coalesce(cast($day_zero as date), min(day) over ()) as age,
                downloads,
                day_status
            from fct_model_downloads_daily
            where model_id = $model_id
        )

        select
            cast(floor(age / $week) * $week as integer) as from_age_days,
            cast(sum(downloads) as bigint) as downloads,
            count(*) as days,
            count(*) filter (day_status = 'missing') as days_missing,
            count(*) filter (day_status = 'interpolated') as days_interpolated
        from days
        group by all
        order by from_age_days
        """,
        {"model_id": model["model_id"], "day_zero": model["day_zero"], "week": WEEK},
    )
    if weeks:
        basis = "day 0" if model["day_zero"] else "first reading"
        return {"by": "week", "age_from": basis, "periods": weeks}
    months = marts.records(
        """
        select
            month,
            downloads,
            days_observed + days_interpolated + days_missing as days,
            days_missing,
            days_interpolated
        from model_downloads_monthly
        where model_id = ?
        order by month
        """,
        [model["model_id"]],
    )
    return {"by": "month", "age_from": None, "periods": months}


def _scores(marts: Marts, model_id: str) -> list[Record]:
    return marts.records(
        """
        select
            horizon_days, size_bucket, cumulative_downloads, c_low, c_high, is_interpolated,
            is_wide_gap, is_date_uncertain, basis,
            ram_median, ram_median_p05, ram_median_p95, ram_median_loo_low, ram_median_loo_high,
            reference_median, reference_median_models, reference_status, in_reference,
            ram_cutoff, reference_cutoff, reference_cutoff_models,
            ram_cohort, reference_cohort_models,
            ram_median_deflated, rank_in_bucket, reference_as_of
        from relative_adoption
        where model_id = ?
        order by horizon_days
        """,
        [model_id],
    )


def _scores_to_quote(marts: Marts, model_id: str) -> list[Record]:
    """The scores against the latest frozen references; none of a build without such a table."""
    if not marts.has("relative_adoption_vintages"):
        return []
    return marts.records(
        """
        select
            reference_as_of, horizon_days, size_bucket, cumulative_downloads, is_interpolated,
            is_wide_gap, is_date_uncertain, basis, ram_median,
            reference_median, reference_median_models, reference_status, in_reference,
            ram_cutoff, reference_cutoff, reference_cutoff_models,
            ram_cohort, reference_cohort, reference_cohort_models
        from relative_adoption_vintages
        where model_id = ? and is_latest_vintage
        order by horizon_days
        """,
        [model_id],
    )


def _lineage(marts: Marts, model_id: str) -> Record:
    return {
        "parents": marts.records(
            """
            select parent_id, relation, parent_status, is_first_party, is_self, in_cycle
            from lineage_edges
            where child_id = ?
            order by relation, parent_id
            """,
            [model_id],
        ),
        "roots": marts.records(
            """
            select root_id, weight, depth, root_is_provisional
            from lineage_roots
            where model_id = ?
            order by weight desc, root_id
            """,
            [model_id],
        ),
        "children_by_relation": marts.records(
            """
            select relation, count(*) as children
            from lineage_edges
            where parent_id = ? and not is_self
            group by relation
            order by children desc, relation
            """,
            [model_id],
        ),
        "largest_children": marts.records(
            f"""
            select
                lineage_edges.child_id as model_id, lineage_edges.relation,
                dim_models.downloads_all_time
            from lineage_edges
            left join dim_models on lineage_edges.child_id = dim_models.model_id
            where lineage_edges.parent_id = ? and not lineage_edges.is_self
            order by dim_models.downloads_all_time desc nulls last, lineage_edges.child_id
            limit {LISTED}
            """,
            [model_id],
        ),
        "descendants": marts.record(
            "select * from model_descendants where model_id = ?", [model_id]
        ),
    }


def _coverage(marts: Marts, model_id: str) -> Record | None:
    """Days of the all-time counter, and the first of them; None of a model without one."""
    days = marts.record(
        """
        select
            cast(sum(days_observed) as bigint) as days_observed,
            cast(sum(days_interpolated) as bigint) as days_interpolated,
            cast(sum(days_missing) as bigint) as days_missing
        from model_downloads_monthly
        where model_id = ?
        having count(*) > 0
        """,
        [model_id],
    )
    first = marts.record(
        "select min(from_day) as counted_from from fct_model_downloads_spans where model_id = ?",
        [model_id],
    )
    return days and {**(first or {}), **days}


def _tokens(marts: Marts, model_id: str) -> Record | None:
    """Tokens on OpenRouter in the newest month in which the model was ranked."""
    row = marts.record(
        """
        select
            date_trunc('month', day) as month,
            cast(sum(tokens) as bigint) as tokens,
            count(distinct day) as days_ranked
        from inference_daily
        where model_id = ?
        group by all
        order by month desc
        limit 1
        """,
        [model_id],
    )
    return row and {**row, "citation": marts.citation("inference_daily")}


def _facts(model: Record) -> str:
    released = _or_unknown(model["released_on"])
    if model["release_basis"]:
        released += f" (by {model['release_basis']})"
    day_zero = model["day_zero"] or f"none: {model['no_day_zero_reason']}"
    rows: list[tuple[str, str]] = [
        ("organisation", f"{model['org']}, region {_or_unknown(model['region'])}"),
        ("family", _or_unknown(model["family"], "none")),
        ("release", _or_unknown(model["release_id"], "none")),
        ("parameters", _size(model)),
        ("size bucket", f"{model['size_bucket']} (active: {model['active_size_bucket']})"),
        ("released", released),
        ("day 0", str(day_zero)),
        ("tracked", f"{format_value(model['is_tracked'])}, by {model['tracking_rule']}"),
        ("available", _or_unknown(model["is_available"])),
        ("licence", _or_unknown(model["license"])),
        (
            "downloads",
            f"{format_value(model['downloads_all_time'])} in all, "
            f"{format_value(model['downloads_30d'])} in 30 days, "
            f"last read {_or_unknown(model['last_reading_on'])}",
        ),
    ]
    lines = [f"  {name:<13} {printable(value)}" for name, value in rows]
    return "\n".join([printable(model["model_id"]), *lines])


def _size(model: Record) -> str:
    if model["parameters_total"] is None:
        return "unknown"
    active = model["parameters_active"]
    return (
        f"{_billions(model['parameters_total'])} in all (by {model['parameters_basis']}), "
        f"{_billions(active) if active is not None else 'unknown'} active"
    )


def _billions(parameters: int) -> str:
    return f"{parameters / 1e9:,.2f} billion"


def _or_unknown(value: Any, otherwise: str = "unknown") -> str:
    return otherwise if value is None else format_value(value)


def _curve_text(curve: Record) -> str:
    periods = curve["periods"]
    if not periods:
        return "Downloads by age\n  no reading has a counter"
    missing = sum(period["days_missing"] for period in periods)
    if curve["by"] == "month":
        first, last = periods[0]["month"], periods[-1]["month"]
        title = f"Downloads a month, {first:%Y-%m} to {last:%Y-%m} (the ends may be cut off)"
        bars = [period["downloads"] for period in periods]
    else:
        # A bar of fewer days would be a low one: the last week is left out until it is whole.
        whole = [row for row in periods if row["from_age_days"] >= 0 and row["days"] == WEEK]
        if not whole:
            days = sum(period["days"] for period in periods)
            return f"Downloads by age\n  no whole week yet; days {days}, of them missing {missing}"
        weeks = max(1, -(-len(whole) // BARS))
        bars = _joined([row["downloads"] for row in whole], weeks)
        span = "a week" if weeks == 1 else f"{weeks} weeks"
        title = (
            f"Downloads by age, {span} a bar, the first {len(bars) * weeks * WEEK} days "
            f"since {curve['age_from']}"
        )
    known = [bar for bar in bars if bar is not None]
    legend = f"highest bar {max(known):,}" if known else "none is known"
    if missing:
        legend += f"; days missing {missing:,} ({UNKNOWN_BAR} where no day is known)"
    return f"{title}\n  {sparkline(bars)}\n  {legend}"


def _joined(values: list[int | None], size: int) -> list[int | None]:
    """Sums of `size` values each; unknown where all of them are. A rest makes no sum."""
    whole = len(values) - len(values) % size
    groups = [values[start : start + size] for start in range(0, whole, size)]
    return [
        sum(value for value in group if value is not None)
        if any(value is not None for value in group)
        else None
        for group in groups
    ]


def _quoted_text(rows: list[Record]) -> str:
    if not rows:
        return ""
    table = Table(
        f"To quote: among {rows[0]['size_bucket']} models, against the frozen references of "
        f"{rows[0]['reference_as_of']}",
        (
            "age", "ram_median>", "models>", "ram_cutoff>", "models>", "ram_cohort>", "models>",
            "note",
        ),
        [
            (
                f"{row['horizon_days']} days",
                row["ram_median"],
                row["reference_median_models"],
                row["ram_cutoff"],
                row["reference_cutoff_models"],
                row["ram_cohort"],
                row["reference_cohort_models"],
                _score_note(row),
            )
            for row in rows
        ],
    )  # fmt: skip
    return format_table(table)


def _scores_text(story: Record) -> str:
    rows = [(f"{row['horizon_days']} days", row) for row in story["scores"]]
    if story["score_now"]:
        rows.append((f"{story['score_now']['age_days']} days (now)", story["score_now"]))
    if not rows:
        return "Relative adoption\n  no score: its downloads since day 0 are not known"
    table = Table(
        f"Relative adoption among {rows[0][1]['size_bucket']} models, "
        f"references as of {rows[0][1]['reference_as_of']}",
        (
            "age", "downloads>", "rank>", "ram_median>", "5-95 %>", "one left out>", "models>",
            "ram_cutoff>", "models>", "ram_cohort>", "models>", "note",
        ),
        [
            (
                age,
                row["cumulative_downloads"],
                row["rank_in_bucket"],
                row["ram_median"],
                _interval(row["ram_median_p05"], row["ram_median_p95"]),
                _interval(row["ram_median_loo_low"], row["ram_median_loo_high"]),
                row["reference_median_models"],
                row["ram_cutoff"],
                row["reference_cutoff_models"],
                row["ram_cohort"],
                row["reference_cohort_models"],
                _score_note(row),
            )
            for age, row in rows
        ],
    )  # fmt: skip
    return format_table(table) + (
        "\n  1.00 is level with the reference; the three scores are not comparable. `models` stand"
        "\n  behind the reference left of them; too few of them, and the score is null (-)."
    )


def _interval(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{low:,.2f} to {high:,.2f}"


def _score_note(row: Record) -> str:
    notes = [
        ("reference partial", row["reference_status"] == "partial"),
        ("in reference", row["in_reference"]),
        ("trailing 30 days", row["basis"] == "trailing_30d"),
        ("interpolated", row["is_interpolated"]),
        ("wide gap: in no rank", row["is_wide_gap"]),
        ("date uncertain", row["is_date_uncertain"]),
    ]
    return ", ".join(note for note, holds in notes if holds)


def _lineage_text(lineage: Record) -> str:
    lines = ["Lineage"]
    for parent in lineage["parents"]:
        status = "" if parent["parent_status"] == "loaded" else f", {parent['parent_status']}"
        odd = ", itself" if parent["is_self"] else ", in a cycle" if parent["in_cycle"] else ""
        lines.append(f"  {parent['relation']} of {parent['parent_id']}{status}{odd}")
    if not lineage["parents"]:
        lines.append("  states no parent")
    for root in lineage["roots"]:
        provisional = ", provisional" if root["root_is_provisional"] else ""
        lines.append(
            f"  root {root['root_id']}, {root['depth']} up, weight {root['weight']:.2f}"
            f"{provisional}"
        )
    children = lineage["children_by_relation"]
    if children:
        counts = ", ".join(f"{row['children']:,} {row['relation']}" for row in children)
        lines.append(f"  children: {counts}; the most downloaded:")
        lines += [
            f"    {row['model_id']} ({row['relation']}, {format_value(row['downloads_all_time'])})"
            for row in lineage["largest_children"]
        ]
    descendants = lineage["descendants"]
    if descendants and descendants["descendants"]:
        lines.append(
            f"  {descendants['descendants']:,} descendants; downloads with them "
            f"{format_value(descendants['downloads_with_descendants'])}"
        )
    return "\n".join(printable(line) for line in lines)


def coverage_text(model: Record, coverage: Record | None) -> str:
    """When a model was read, and since when its all-time counter is known."""
    first, last = model["first_reading_on"], model["last_reading_on"]
    if last is None:
        return f"Coverage\n  first read on {first}, after the as-of day: nothing is known yet"
    read = f"Coverage\n  read from {first} to {last}"
    if coverage is None:
        return f"{read}, without an all-time counter"
    before = model["downloads_before_history"]
    counted_from = coverage["counted_from"]
    return (
        f"{read}: {coverage['days_observed']:,} days observed, "
        f"{coverage['days_interpolated']:,} interpolated, {coverage['days_missing']:,} missing\n"
        + (
            f"  all-time counter from {counted_from} on, when it stood at {format_value(before)}"
            if before
            else f"  all-time counter from {counted_from} on, its launch"
        )
    )


def _notes(story: Record) -> list[str]:
    parts = []
    if story["flags"]:
        lines = [
            printable(f"  {row['month']:%Y-%m} {row['rule']}: {row['evidence']}")
            for row in story["flags"]
        ]
        parts.append("\n".join(["Flags: downloads that look inflated or automatic", *lines]))
    if story["disagreements"]:
        lines = [
            printable(
                f"  {row['field']}: {row['source_a']} {row['value_a']}, "
                f"{row['source_b']} {row['value_b']}; {row['used']} counts"
            )
            for row in story["disagreements"]
        ]
        parts.append("\n".join(["Sources disagree", *lines]))
    tokens = story["tokens"]
    if tokens:
        line = (
            f"Tokens on OpenRouter\n  {tokens['tokens']:,} in {tokens['month']:%Y-%m}, "
            f"ranked on {tokens['days_ranked']} days"
        )
        parts.append(line + (f"\n  {tokens['citation']}" if tokens["citation"] else ""))
    return parts
