"""Relative adoption: which models do better than the leaders of their size did at that age."""

from typing import Any

from dashboard import charts
from dashboard.context import Context, Page
from dashboard.figures import Control, Figure, Pick
from dashboard.text import listed, percent, plural, times
from dashboard.theme import GREY

SHOWN = 15
RECENT_DAYS = 90

# The scores of a league, with bounds where there are any.
SCORES = (
    {"label": "ram_median: against models that became leaders", "value": "ram_median",
     "low": "ram_median_p05", "high": "ram_median_p95"},
    {"label": "ram_cutoff: against the tenth best of its size", "value": "ram_cutoff"},
    {"label": "ram_cohort: against the best whose launch was seen", "value": "ram_cohort"},
)  # fmt: skip


def page(context: Context) -> Page:
    """The page with its figures."""
    newest = recent(context)
    return Page(
        "adoption",
        "Adoption",
        _lead(newest),
        [newest, league(context), curves(context)],
    )


def _lead(newest: Figure) -> str:
    rows = newest.result.known("ram_median")
    if not rows:
        return (
            "Which model breaks out cannot be told here: scores compare downloads N days after "
            "release, and that takes readings on many days."
        )
    above = [row for row in rows if row["ram_median"] > 1]
    sure = [row for row in above if (row["ram_median_p05"] or 0) > 1]
    return (
        f"{len(above)} of {plural(len(rows), 'model')} of the last {RECENT_DAYS} days with a "
        f"score are ahead of what their size's leaders had at that age; for {len(sure)} the whole "
        f"90 % interval is. {reference(rows)}"
    )


def reference(rows: list[dict[str, Any]]) -> str:
    """What scores are against, and as of when: a score is quoted with its reference."""
    partial = sum(row["reference_status"] == "partial" for row in rows)
    known = (
        f"; for {partial:,} of {plural(len(rows), 'score')} not all ten are known"
        if partial
        else ""
    )
    return f"Leaders are the ten largest of a size on {rows[0]['reference_as_of']}{known}."


def _coverage(context: Context, scored: int, rows: int, what: str) -> str:
    if not rows:
        return f"no row; {context.coverage}"
    part = percent(scored / rows)
    return f"{scored:,} of {plural(rows, 'row')} have {what} ({part}); {context.coverage}"


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["org"] for row in rows))


def _tooltip(value: str, low: str, high: str) -> list[charts.Spec]:
    return [
        charts.tip("model_id", "Model"),
        charts.tip("size_bucket", "Size"),
        charts.number_tip(value, "Score"),
        charts.number_tip(low, "5 % of draws"),
        charts.number_tip(high, "95 % of draws"),
        charts.count_tip("cumulative_downloads", "Downloads since release"),
        charts.count_tip("reference_median_models", "Models in the reference"),
    ]


def recent(context: Context) -> Figure:
    """Models of the last 90 days at their present age."""
    result = context.query(
        f"""
        select
            n.model_id, d.org, n.size_bucket, n.age_days, n.cumulative_downloads, n.ram_median,
            n.ram_median_p05, n.ram_median_p95, n.ram_cutoff, n.ram_cohort, n.rank_in_bucket,
            n.reference_median_models, n.reference_status, n.in_reference, n.reference_as_of,
            n.is_interpolated, n.is_wide_gap, n.is_date_uncertain
        from relative_adoption_now as n
        inner join dim_models as d on n.model_id = d.model_id
        where n.age_days <= {RECENT_DAYS}
        order by n.ram_median desc nulls last, n.model_id
        """
    )
    rows = [row for row in result.known("ram_median") if not row["is_wide_gap"]]
    drawn = rows[: 2 * SHOWN]
    title = f"Models of the last {RECENT_DAYS} days at their present age"
    if rows:
        best = rows[0]
        title = (
            f"{best['model_id']} has {times(best['ram_median'])} the downloads that its size's "
            f"leaders had at {best['age_days']} days ({times(best['ram_median_p05'])} to "
            f"{times(best['ram_median_p95'])})"
        )
    return Figure(
        "recent",
        title,
        f"ram_median of tracked models of the last {RECENT_DAYS} days. Dashed: level with the "
        "models that became leaders of the size. Bars: 5 % to 95 % of 1,000 draws of the "
        "reference.",
        result,
        ("relative_adoption_now", "dim_models"),
        context.source,
        context.as_of,
        _coverage(context, len(rows), len(result.rows), "a score"),
        charts.intervals(
            y="model_id", value="ram_median", low="ram_median_p05", high="ram_median_p95",
            kind="org", names=_names(drawn), looks=context.looks, rows=len(drawn),
            tooltip=[*_tooltip("ram_median", "ram_median_p05", "ram_median_p95"),
                     charts.count_tip("age_days", "Age in days")],
            title="times the size's leaders at that age",
        ) if rows else None,
        empty="No model of the last 90 days has a score: a score takes counters on the day "
        f"before release and now, and this build's are of one day ({context.as_of}).",
        notes=("A model without a score stays in the table: its size has fewer than five leaders "
               "whose downloads at that age are known.",) if result.rows else (),
        take=2 * SHOWN,
    )  # fmt: skip


def league(context: Context) -> Figure:
    """The best scores at each horizon."""
    result = context.query(
        f"""
        with ranked as (
            select
                a.*, d.org,
                row_number() over (
                    partition by a.horizon_days order by a.ram_median desc nulls last, a.model_id
                ) as by_median,
                row_number() over (
                    partition by a.horizon_days order by a.ram_cutoff desc nulls last, a.model_id
                ) as by_cutoff,
                row_number() over (
                    partition by a.horizon_days order by a.ram_cohort desc nulls last, a.model_id
                ) as by_cohort
            from relative_adoption as a
            inner join dim_models as d on a.model_id = d.model_id
            where not a.is_wide_gap
        )

        select
            horizon_days, model_id, org, size_bucket, cumulative_downloads, ram_median,
            ram_median_p05, ram_median_p95, ram_cutoff, ram_cohort, rank_in_bucket,
            reference_median_models, reference_status, in_reference, reference_as_of, basis,
            is_interpolated, is_date_uncertain
        from ranked
        where least(by_median, by_cutoff, by_cohort) <= {SHOWN}
        order by horizon_days, ram_median desc nulls last, ram_cutoff desc nulls last, model_id
        """
    )
    rows = result.records
    scored = result.known("ram_median")
    known = {
        option["value"]: [row for row in rows if row[option["value"]] is not None]
        for option in SCORES
    }
    options = [option for option in SCORES if known[option["value"]]]
    days = sorted({row["horizon_days"] for row in rows})
    default = _horizon(scored or rows)
    title = "The league of scores"
    best = [row for row in scored if row["horizon_days"] == default]
    if best:
        title = (
            f"{default} days after release, {best[0]['model_id']} had "
            f"{times(best[0]['ram_median'])} the downloads of its size's leaders"
        )
        if len(best) > 1:
            title += f", before {best[1]['model_id']} with {times(best[1]['ram_median'])}"
    return Figure(
        "league",
        title,
        f"The {SHOWN} best tracked models at an age. Dashed: 1. Three scores, not comparable "
        "with each other.",
        result,
        ("relative_adoption", "dim_models"),
        context.source,
        context.as_of,
        _coverage(context, len(scored), len(rows), "ram_median"),
        charts.intervals(
            y="model_id", value="value", low="low", high="high", kind="org", names=_names(rows),
            looks=context.looks, rows=SHOWN, tooltip=_tooltip("value", "low", "high"),
            title="times the reference",
        ) if options else None,
        empty="No score is known. "
        + (f"{plural(len(rows), 'row')} have downloads at {listed([str(d) for d in days])} days, "
           "but no size has five leaders whose downloads at that age are known."
           if rows else "Downloads N days after release take readings on many days."),
        controls=(
            Control("Days after release", "horizon_days", [(d, str(d)) for d in days], default),
        ),
        notes=(reference(best),) if best else (),
        pick=Pick("Score", options) if options else None,
        take=SHOWN,
    )  # fmt: skip


def _horizon(rows: list[dict[str, Any]]) -> int:
    """The longest of the horizons at which most sizes have a row."""
    sizes: dict[int, set[str]] = {}
    for row in rows:
        sizes.setdefault(row["horizon_days"], set()).add(row["size_bucket"])
    return max(sizes, key=lambda days: (len(sizes[days]), days), default=30)


def curves(context: Context) -> Figure:
    """Launch curves of chosen models beside their size's reference."""
    result = context.query(
        """
        select
            a.model_id, a.size_bucket, a.horizon_days, a.cumulative_downloads,
            a.reference_median, a.reference_median_models, a.reference_cutoff, a.ram_median,
            a.is_interpolated, a.is_wide_gap
        from relative_adoption as a
        where
            a.model_id in (
                select model_id
                from relative_adoption
                where ram_median is not null and horizon_days >= 14 and not is_wide_gap
                group by model_id
                order by max(ram_median) desc, model_id
                limit 8
            )
        order by a.size_bucket, a.model_id, a.horizon_days
        """
    )
    rows = result.records
    names = list(dict.fromkeys(row["model_id"] for row in rows))
    title = "Launch curves"
    if rows:
        best = max(rows, key=lambda row: row["ram_median"] or 0)
        title = (
            f"{best['model_id']} had {times(best['ram_median'])} the downloads of its size's "
            f"leaders {best['horizon_days']} days after release"
        )
    options = [(name, name) for name in names]
    return Figure(
        "curves",
        title,
        "Downloads since release at each age, both axes logarithmic: the chosen model (line with "
        "points) and the median of its size's leaders (dashed).",
        result,
        ("relative_adoption",),
        context.source,
        context.as_of,
        f"{plural(len(names), 'model')} with the best scores; any other model's curve is on its "
        f"own page (search); {context.coverage}",
        launch_spec() if rows else None,
        empty="No launch curve can be drawn: no model has downloads at two ages beside a "
        "reference.",
        controls=(Control("Model", "model_id", options, best["model_id"]),) if rows else (),
    )


def launch_spec(*, reference: bool = True) -> charts.Spec:
    """A model's downloads by age, beside the median of its size's leaders where one is known."""
    across = {"field": "horizon_days", "type": "quantitative",
              "scale": {"type": "log", "nice": False, "padding": 12},
              "axis": {"values": [7, 14, 30, 60, 90, 180, 365], "title": "days after release",
                       "format": "d", "grid": False}}  # fmt: skip
    axis = {**charts.SHORT_AXIS, "values": charts.DECADES}

    def up(column: str) -> charts.Spec:
        return {"field": column, "type": "quantitative", "axis": axis,
                "scale": {"type": "log"}}  # fmt: skip

    tooltip = [
        charts.tip("model_id", "Model"),
        charts.count_tip("horizon_days", "Days after release"),
        charts.count_tip("cumulative_downloads", "Downloads since release"),
        charts.count_tip("reference_median", "Median of the leaders"),
        charts.count_tip("reference_median_models", "Leaders known"),
        charts.number_tip("ram_median", "ram_median"),
    ]
    beside = {
        "transform": [{"filter": "datum.reference_median > 0"}],
        "mark": {"type": "line", "strokeDash": [5, 4], "color": GREY, "strokeWidth": 2,
                 "point": {"color": GREY, "size": 30}},
        "encoding": {"x": across, "y": up("reference_median"), "tooltip": tooltip},
    }  # fmt: skip
    own = {
        "transform": [{"filter": "datum.cumulative_downloads > 0"}],
        "mark": {"type": "line", "strokeWidth": 2.5, "color": "#bf4b00",
                 "point": {"color": "#bf4b00", "size": 70}},
        "encoding": {"x": across, "y": up("cumulative_downloads"), "tooltip": tooltip},
    }  # fmt: skip
    return charts.chart([beside, own] if reference else [own], 320)
