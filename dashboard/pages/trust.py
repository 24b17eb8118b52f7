"""What the figures rest on: what was read, what was set aside, where sources disagree."""

from datetime import date
from typing import Any

from dashboard import charts
from dashboard.context import Context, Page
from dashboard.figures import Figure
from dashboard.text import listed, percent, plural

STATUS_COLOURS = {
    "complete": "#007a58",
    "partial": "#db7a2e",
    "missing": "#c3c8d0",
    "unrecoverable": "#7a2e00",
}


# What a status says of some figures.
_STATUSES = {
    "different_scope": "differ in scope",
    "history_missing": "lie outside the data",
    "partial_coverage": "are covered in part",
    "ambiguous": "are ambiguous",
}


def page(context: Context) -> Page:
    """The page with its figures."""
    figures = [
        published(context),
        calendar(context),
        observed(context),
        freshness(context),
        rejects(context),
        disagreements(context),
        flags(context),
        steps(context),
        restatements(context),
        costs(context),
    ]
    return Page("trust", "Evidence", _lead(context), figures, {"about_rows": _about(context)})


def _lead(context: Context) -> str:
    if context.is_synthetic:
        return f"Synthetic rows as of {context.as_of}: {context.coverage}."
    return f"Real rows as of {context.as_of}: {context.coverage}."


def _about(context: Context) -> list[tuple[str, Any]]:
    names = {
        "data_kind": "Data", "as_of": "As of", "as_of_basis": "As of rests on",
        "built_at": "Built (UTC)", "build_id": "Build", "commit": "Commit", "sources": "Sources",
        "listed_models": "Models of the ATOM list",
        "listed_models_covered": "of them with a counter",
        "tracked_models": "Tracked models", "tracked_models_counted": "of them with a counter",
    }  # fmt: skip
    return [
        (label, _shown(context.about.get(name)))
        for name, label in names.items()
        if name in context.about
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(
    context: Context,
    identity: str,
    title: str,
    subtitle: str,
    query: str,
    tables: tuple[str, ...],
    empty: str,
    is_open: bool = False,
) -> Figure:
    result = context.query(query)
    return Figure(
        identity, title.replace("{n}", f"{len(result.rows):,}") if result.rows else subtitle,
        subtitle, result, tables, context.source, context.as_of, context.coverage,
        empty="" if result.rows else empty, open_table=is_open,
    )  # fmt: skip


def calendar(context: Context) -> Figure:
    """Which days were read, source by source."""
    result = context.query(
        """
        with grouped as (
            select
                source,
                case
                    when starts_with(scope, 'base:') then 'bases of derivatives'
                    when source = 'modelscope' or (source = 'hub_api' and scope <> 'hub')
                        then 'organisations'
                    else scope
                end as what,
                day, status, rows_read, rows_rejected
            from coverage_daily
        )

        select
            source || ': ' || what as source, day,
            case
                when bool_and(status = 'complete') then 'complete'
                when bool_or(status in ('complete', 'partial')) then 'partial'
                when bool_or(status = 'unrecoverable') then 'unrecoverable'
                else 'missing'
            end as status,
            count(*) as scopes, sum(rows_read)::bigint as rows_read,
            sum(rows_rejected)::bigint as rows_rejected
        from grouped
        group by source || ': ' || what, day
        order by source, day
        """
    )
    rows = result.records
    sources = sorted({row["source"] for row in rows})
    missing = sum(1 for row in rows if row["status"] in ("missing", "unrecoverable"))
    title = "Which days were read"
    if rows:
        title = (
            f"{plural(missing, 'day of a source', 'days of a source')} of {len(rows):,} "
            f"{'was' if missing == 1 else 'were'} not read"
        )
    names = list(STATUS_COLOURS)
    days = sorted({row["day"] for row in rows})
    span = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days + 1 if days else 1
    spec = charts.chart(
        [
            {
                "transform": [
                    {"timeUnit": {"unit": "utcyearmonthdate", "utc": True}, "field": "day",
                     "as": "at"}
                ],
                "mark": {"type": "tick", "opacity": 1, "thickness": 2 if span > 200 else 5,
                         "height": {"band": 0.75}},
                "encoding": {
                    "y": {"field": "source", "type": "nominal", "sort": sources,
                          "axis": {"title": None, "ticks": False, "domain": False}},
                    "x": {"field": "at", "type": "temporal", "scale": {"type": "utc"},
                          "axis": charts.MONTH_AXIS},
                    "color": {"field": "status", "type": "nominal",
                              "scale": {"domain": names,
                                        "range": [STATUS_COLOURS[name] for name in names]},
                              "legend": {"title": None, "orient": "top"}},
                    "tooltip": [
                        charts.tip("source", "Source"),
                        charts.tip("day", "Day"),
                        charts.tip("status", "Status"),
                        charts.count_tip("rows_read", "Records read"),
                        charts.count_tip("rows_rejected", "Records rejected"),
                    ],
                },
            }
        ],
        42 * max(len(sources), 1) + 10,
    )  # fmt: skip
    return Figure(
        "calendar",
        title,
        "Each day of each source. Partial: only the rows of a file, or some of the organisations. "
        "Missing may still be loaded; unrecoverable cannot.",
        result,
        ("coverage_daily",),
        context.source,
        context.as_of,
        context.coverage,
        spec if rows else None,
        empty="Nothing was read: this build holds no day of any source.",
    )


def observed(context: Context) -> Figure:
    """Observed, interpolated and missing days of tracked models by month."""
    result = context.query(
        """
        with days as (
            select
                m.month, sum(m.days_observed) as observed, sum(m.days_interpolated) as interpolated,
                sum(m.days_missing) as missing
            from model_downloads_monthly as m
            inner join dim_models as d on m.model_id = d.model_id
            where d.is_tracked
            group by m.month
        ),

        long as (
            unpivot days on observed, interpolated, missing into name status value model_days
        )

        select
            month, status, model_days::bigint as model_days,
            model_days / nullif(sum(model_days) over (partition by month), 0) as share
        from long
        order by month, status
        """
    )
    rows = result.records
    names = ["observed", "interpolated", "missing"]
    colour = {"observed": "#007a58", "interpolated": "#db7a2e", "missing": "#c3c8d0"}
    total = sum(row["model_days"] for row in rows)
    seen = sum(row["model_days"] for row in rows if row["status"] == "observed")
    title = "How much of the days was observed"
    if total:
        title = f"{percent(seen / total)} of the days of tracked models were observed"
    spec = charts.stacked_months(
        value="share", kind="status", names=names, looks=context.looks,
        tooltip=[
            charts.tip("status", "Status"),
            charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
            charts.percent_tip("share", "Part of model-days"),
            charts.count_tip("model_days", "Model-days"),
        ],
    )  # fmt: skip
    spec["layer"][0]["encoding"]["color"]["scale"] = {
        "domain": names,
        "range": [colour[name] for name in names],
    }
    spec["height"] = 220
    return Figure(
        "observed",
        title,
        "Model-days of tracked models by month. A missing day's downloads are unknown, never 0.",
        result,
        ("model_downloads_monthly", "dim_models"),
        context.source,
        context.as_of,
        context.coverage,
        spec if len({row["month"] for row in rows}) > 1 else None,
        empty="There is one month of readings, and no day of it is known at both ends: "
        + context.one_snapshot
        if total
        else context.one_snapshot,
    )


def freshness(context: Context) -> Figure:
    """When each source was read last."""
    return _table(
        context,
        "freshness",
        "How fresh each source is",
        "The last day that was read of each source, and when it was loaded (UTC).",
        """
        select
            source,
            max(day) filter (where status in ('complete', 'partial')) as last_day_read,
            (select as_of from about)
            - max(day) filter (where status in ('complete', 'partial')) as days_behind_as_of,
            max(loaded_at) as last_loaded_at,
            count(distinct day) filter (where status in ('complete', 'partial')) as days_read,
            count(distinct day) filter (where status = 'missing') as days_missing,
            count(distinct day) filter (where status = 'unrecoverable') as days_unrecoverable
        from coverage_daily
        group by source
        order by source
        """,
        ("coverage_daily",),
        "Nothing was read: this build holds no day of any source.",
        is_open=True,
    )


def rejects(context: Context) -> Figure:
    """Records that were set aside."""
    return _table(
        context,
        "rejects",
        "Records were set aside on {n} days of a source",
        "Records that broke the contract at the door: kept with their reason, not loaded.",
        """
        select source, scope, day, rows_read, rows_rejected, rows_rejected / rows_read as share
        from coverage_daily
        where rows_rejected > 0
        order by day desc, source, scope
        """,
        ("coverage_daily",),
        "No record was rejected.",
    )


def disagreements(context: Context) -> Figure:
    """Where two sources say different things."""
    return _table(
        context,
        "disagreements",
        "Sources disagree in {n} cases; the table says which one counts",
        "Two sources differ in a value: both, and the one that is used.",
        """
        select subject, field, source_a, value_a, source_b, value_b, used
        from source_disagreements
        order by field, subject, source_a, source_b
        """,
        ("source_disagreements",),
        "No two sources disagree.",
    )


def published(context: Context) -> Figure:
    """The public record of April 2026 beside what these tables say."""
    result = context.query(
        """
        select
            figure, status, as_of_from, as_of_to, published_low * factor as published_low,
            published_high * factor as published_high,
            case when unit = 'share' then 'per cent' else unit end as unit,
            computed * factor as computed, computed_text, nearest * factor as nearest,
            nearest_as_of, denominator, reason, source
        from (
            select *, case when unit = 'share' then 100 else 1 end as factor
            from published_figures
        )
        order by status = 'comparable' desc, figure, denominator
        """
    )
    rows = result.records
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    title = "Published figures beside the computed ones"
    if rows:
        good = counts.get("comparable", 0)
        rest = [
            f"{number} {_STATUSES.get(status, status)}"
            for status, number in sorted(counts.items(), key=lambda item: -item[1])
            if status != "comparable"
        ]
        title = f"{good} of {len(rows)} published figures can be compared here: {listed(rest)}"
    return Figure(
        "published",
        title,
        "The public record of April 2026 (the ATOM Report) beside what these tables give. A "
        "nearest value is no substitute."
        + (" Synthetic rows are calibrated to these figures and prove none." if context.is_synthetic
           else ""),
        result,
        ("published_figures",),
        context.both_sources,
        context.as_of,
        context.coverage,
        empty="" if rows else "This build has no published figures.",
        open_table=True,
    )  # fmt: skip


def flags(context: Context) -> Figure:
    """Downloads that look odd."""
    return _table(
        context,
        "flags",
        "{n} months of a model show a pattern of inflated or automatic downloads",
        "A flag is a pattern, no proof; no flag is no acquittal.",
        "select model_id, month, rule, evidence from download_flags order by month desc, model_id",
        ("download_flags", "flagged_downloads_monthly"),
        "No month of a model shows such a pattern, as far as its days are known.",
    )


def steps(context: Context) -> Figure:
    """What the tracking rule keeps in and out."""
    return _table(
        context,
        "steps",
        "What each step of the tracking rule keeps in and out",
        "Every model that was read is in exactly one row.",
        """
        select
            tracking_rule, is_tracked, models, models_with_counter, downloads_all_time,
            downloads_30d, largest_models
        from tracking_steps
        order by is_tracked desc, models desc, tracking_rule
        """,
        ("tracking_steps",),
        "This build does not say.",
    )


def restatements(context: Context) -> Figure:
    """Figures that a later build changed."""
    return _table(
        context,
        "restatements",
        "{n} figures of periods that are over were changed by a later build",
        "Figures of periods that are over and that a later build changed.",
        """
        select table_name, key, field, build_id, old_value, new_value
        from restatements
        order by build_id desc, table_name, key, field
        limit 1000
        """,
        ("restatements",),
        "No figure of a period that is over was changed by a later build.",
    )


def costs(context: Context) -> Figure:
    """What builds cost."""
    return _table(
        context,
        "costs",
        "What the builds before this one cost",
        "Seconds, processor time and memory of each step of earlier builds.",
        """
        select build_id, step, seconds, cpu_seconds, peak_mb, rows_in, rows_out
        from pipeline_costs
        where step not like 'model %'
        order by build_id desc, step
        limit 500
        """,
        ("pipeline_costs",),
        "No earlier build's costs are known.",
    )
