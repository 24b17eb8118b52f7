"""The first page: the balance of power."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dashboard import charts
from dashboard.context import TOP, Card, Context, Page
from dashboard.figures import Control, Figure
from dashboard.marts import Result
from dashboard.text import (
    count,
    day,
    listed,
    month,
    percent,
    plural,
    region,
    sentence,
    the_region,
    times,
)

METRICS = {
    "cumulative_downloads": "Cumulative downloads",
    "downloads": "Downloads in the month",
    "new_derivatives": "New derivatives",
    "tokens": "Tokens",
}

_NO_DAY = "since when, readings of one day cannot tell"

_CUMULATIVE = """
    select
        least(last_day(month), (select as_of from about)) as day,
        {key},
        cumulative_downloads,
        cumulative_share,
        models,
        models_carried
    from {table}
    where population = 'tracked' and cumulative_downloads is not null{among}
    order by day, {key}
"""
_MONTHLY = """
    select month, {key}, downloads, share, rank, growth_yoy, downloads_interpolated
    from {table}
    where
        population = 'tracked' and is_complete_month and downloads is not null{among}
    order by month, {key}
"""
_LARGEST = f"""
    and org in (
        select org
        from org_downloads_monthly
        where population = 'tracked'
        qualify month = max(month) over ()
        order by cumulative_downloads desc nulls last, org
        limit {TOP}
    )
"""


def page(context: Context) -> Page:
    """The page with its figures."""
    regions = context.query(
        _CUMULATIVE.format(key="region", table="region_downloads_monthly", among="")
    )
    crossings = _crossovers(context)
    figures = [
        regions_cumulative(context, regions, crossings),
        regions_monthly(context),
        leaders(context),
        organisations_cumulative(context, crossings),
        organisations_monthly(context),
        concentration(context),
        crossover_table(context, crossings),
    ]
    newest = latest(regions, "day")
    return Page(
        "index",
        "The balance of power",
        headline(context, newest, crossings),
        figures,
        {
            "cards": cards(context, newest, crossings),
            "regions": newest,
            "organisations": _largest_now(context),
        },
    )


def latest(result: Result, key: str) -> list[dict[str, Any]]:
    """The rows of the last day or month, the largest first."""
    if not result.rows:
        return []
    last = max(row[key] for row in result.records)
    rows = [row for row in result.records if row[key] == last]
    return sorted(rows, key=lambda row: -(row.get("cumulative_downloads") or 0))


def bounded(rows: Sequence[dict[str, Any]], name: str, key: str = "region") -> tuple[float, float]:
    """A share, and what it were if everything unknown belonged to it."""
    shares = {row[key]: row["cumulative_share"] or 0.0 for row in rows}
    return shares.get(name, 0.0), shares.get(name, 0.0) + shares.get("unknown", 0.0)


def leader(rows: Sequence[dict[str, Any]], key: str = "region") -> tuple[str, str]:
    """The first and the second of known groups: `unknown` never leads."""
    names = [row[key] for row in rows if row[key] != "unknown"]
    return (names[0] if names else "", names[1] if len(names) > 1 else "")


def headline(context: Context, newest: Sequence[dict[str, Any]], crossings: Result) -> str:
    """The sentence that answers who leads, since when, and by how much."""
    first, second = leader(newest)
    if not first:
        return "No cumulative downloads of tracked models are known in this build."
    low, high = bounded(newest, first)
    text = (
        f"{sentence(the_region(first))} leads with {percent(low)} of the cumulative downloads of "
        "tracked open models"
    )
    if round(high, 3) > round(low, 3):
        text += f" ({percent(high)} if all of unknown region were its)"
    shares = {row["region"]: row["cumulative_share"] for row in newest}
    if second:
        text += f", before {the_region(second)} with {percent(shares[second])}"
    known = since(context, first, crossings)
    return f"{text}{f'; {known}' if known else ''}. {context.counted}".rstrip()


def since(context: Context, first: str, crossings: Result, kind: str = "region") -> str:
    """Since when the first leads: since it overtook the last of all that were ahead, where that was
    seen, else the phase."""
    seen = [
        row for row in crossings.records if row["leader_kind"] == kind and row["overtaker"] == first
    ]
    if seen:
        last = max(seen, key=lambda row: str(row["crossed_on"]))
        doubt = "" if last["status"] == "confirmed" else f" ({last['status']})"
        return f"ahead since {crossing_day(last)}{doubt}"
    phase = context.query(
        f"""
        select first_month, is_left_censored
        from dominance_phases
        where
            metric = 'cumulative_downloads' and population = 'tracked'
            and leader_kind = '{kind}' and is_right_censored
            and leader = '{first.replace("'", "''")}'
        """
    ).records
    if phase:
        before = "since before" if phase[0]["is_left_censored"] else "since"
        return f"ahead {before} {month(phase[0]['first_month'])}"
    return ""


def crossing_day(crossing: Mapping[str, Any]) -> str:
    """The day of a crossover, with the readings around it where those are more than a day apart."""
    crossed_on, after, by = (
        crossing[name] for name in ("crossed_on", "crossed_after", "crossed_by")
    )
    if after and by:
        if date.fromisoformat(by) - date.fromisoformat(after) == timedelta(days=1):
            return day(crossed_on)
        readings = f"read on {day(after)} and {day(by)}"
    elif after:
        readings = f"last read on {day(after)}"
    elif by:
        readings = f"first read on {day(by)}"
    else:
        readings = "never read"
    return f"{day(crossed_on)} (both were {readings})"


def after_comma(text: str) -> str:
    """`, text` where there is a text."""
    return f", {text}" if text else ""


def _crossovers(context: Context) -> Result:
    return context.query(
        """
        with largest as (
            select org as name
            from org_downloads_monthly
            where population = 'tracked'
            qualify month = max(month) over ()
            order by cumulative_downloads desc nulls last, org
            limit 12
        )

        select
            crossed_on, crossed_after, crossed_by, leader_kind, overtaker, overtaken, status,
            days_ahead, overtaker_downloads, overtaken_downloads, composition_changed
        from crossovers
        where
            metric = 'cumulative_downloads' and population = 'tracked'
            and (
                leader_kind = 'region'
                or (
                    leader_kind = 'org'
                    and overtaker in (select name from largest)
                    and overtaken in (select name from largest)
                )
            )
        order by crossed_on desc, leader_kind desc, overtaker, overtaken
        """
    )


def _largest_now(context: Context) -> list[dict[str, Any]]:
    rows = context.query(
        """
        select
            org, cumulative_downloads, cumulative_share, downloads, models
        from org_downloads_monthly
        where population = 'tracked'
        qualify month = max(month) over ()
        order by cumulative_downloads desc nulls last, org
        limit 10
        """
    ).records
    return [{**row, "region": context.region_of.get(row["org"], "unknown")} for row in rows]


def cards(context: Context, newest: Sequence[dict[str, Any]], crossings: Result) -> list[Card]:
    """The answers in one look."""
    found = [
        _who(context, newest, crossings),
        _which(context, crossings),
        _sizes(context),
        _breaking_out(context),
        _evidence(context),
    ]
    return [card for card in found if card]


def _who(context: Context, newest: Sequence[dict[str, Any]], crossings: Result) -> Card | None:
    first, _ = leader(newest)
    if not first:
        return None
    low, high = bounded(newest, first)
    return Card(
        "Who leads, and since when?",
        region(first),
        f"{percent(low)}{f' to {percent(high)}' if high > low else ''} of cumulative downloads; "
        f"{since(context, first, crossings) or _NO_DAY}",
        "#regions-cumulative",
        first,
    )


def _which(context: Context, crossings: Result) -> Card | None:
    rows = _largest_now(context)
    if not rows:
        return None
    return Card(
        "Which organisation?",
        rows[0]["org"],
        f"{percent(rows[0]['cumulative_share'])} of cumulative downloads; "
        f"{since(context, rows[0]['org'], crossings, 'org') or _NO_DAY}",
        "#organisations-cumulative",
        rows[0]["region"],
    )


def _sizes(context: Context) -> Card | None:
    rows = context.query(
        """
        select size_bucket, cumulative_share
        from bucket_downloads_monthly
        where population = 'tracked' and size_bucket <> 'unknown'
        qualify month = max(month) over ()
        order by cumulative_share desc nulls last, size_bucket
        limit 2
        """
    ).known("cumulative_share")
    if not rows:
        return None
    return Card(
        "In which sizes?",
        rows[0]["size_bucket"],
        f"models have {percent(rows[0]['cumulative_share'])} of cumulative downloads"
        + (
            f", {rows[1]['size_bucket']} {percent(rows[1]['cumulative_share'])}"
            if len(rows) > 1
            else ""
        ),
        "sizes.html",
    )


def _breaking_out(context: Context) -> Card:
    rows = context.query(
        """
        select model_id, ram_median, ram_median_p05, ram_median_p95, age_days
        from relative_adoption_now
        where
            age_days <= 90 and ram_median is not null and not is_wide_gap
            and ram_median_p05 > 1
        order by ram_median desc, model_id
        """
    ).records
    if not rows:
        return Card(
            "Who is breaking out?",
            "Not known",
            "no model of the last 90 days has a score whose whole interval is above its "
            "size's leaders",
            "adoption.html",
        )
    best = rows[0]
    return Card(
        "Who is breaking out?",
        best["model_id"],
        f"{times(best['ram_median'])} the downloads that its size's leaders had at "
        f"{best['age_days']} days (90 % interval {times(best['ram_median_p05'])} to "
        f"{times(best['ram_median_p95'])})"
        + (f"; {plural(len(rows) - 1, 'more model')} above" if len(rows) > 1 else ""),
        "adoption.html#recent",
    )


def _evidence(context: Context) -> Card:
    return Card(
        "On what evidence?",
        day(context.as_of),
        f"{context.coverage}. Source: {context.source}",
        "trust.html",
    )


def _labels(names: Sequence[str]) -> dict[str, str]:
    return {name: region(name) for name in names}


def _events(crossings: Result, kind: str, names: Sequence[str], most: int) -> list[dict[str, str]]:
    """Crossovers to mark: the last of the pairs among `names` that were not taken back."""
    found = [
        {
            "day": row["crossed_on"],
            "text": f"{region(row['overtaker'])} passes {region(row['overtaken'])}",
        }
        for row in crossings.records
        if row["leader_kind"] == kind
        and row["status"] != "reverted"
        and {row["overtaker"], row["overtaken"]} <= set(names)
    ]
    return found[:most]


def regions_cumulative(context: Context, result: Result, crossings: Result) -> Figure:
    """Cumulative downloads by region, with the days on which one passed another."""
    newest = latest(result, "day")
    names = [row["region"] for row in newest]
    tooltip = [
        charts.tip("region", "Region"),
        charts.tip("day", "At the end of", type="temporal", timeUnit="utcyearmonthdate"),
        charts.count_tip("cumulative_downloads", "Cumulative downloads"),
        charts.percent_tip("cumulative_share", "Share"),
        charts.count_tip("models", "Models"),
    ]
    spec = None
    if len({row["day"] for row in result.records}) > 1:
        spec = charts.lines(
            result.records, x="day", y="cumulative_downloads", kind="region", names=names,
            looks=context.looks, labels=_labels(names), tooltip=tooltip,
            events=_events(crossings, "region", names, 3),
        )  # fmt: skip
    elif newest:
        spec = charts.bars(
            y="region", x="cumulative_downloads", kind="region", names=names,
            looks=context.looks, tooltip=tooltip, rows=len(names),
            text={"field": "cumulative_share", "type": "quantitative", "format": ".1%"},
        )  # fmt: skip
    first, _ = leader(newest)
    title = (
        f"{sentence(the_region(first))} leads with {percent(bounded(newest, first)[0])} of "
        f"cumulative downloads{after_comma(since(context, first, crossings))}"
        if first
        else "Cumulative downloads by region"
    )
    total = sum(row["cumulative_downloads"] or 0 for row in newest)
    return Figure(
        "regions-cumulative",
        title,
        f"All-time downloads of tracked models by region of the publisher; "
        f"{count(total)} in all."
        + (" Dotted: the day one region passed another." if crossings.rows else ""),
        result,
        ("region_downloads_monthly", "crossovers"),
        context.source,
        context.as_of,
        context.coverage,
        spec,
        empty="No cumulative downloads of tracked models are known.",
        notes=(
            "`unknown` are models whose publisher has no primary base; they are never given to a "
            "region, and bound each share from above.",
            *filter(None, [context.counted]),
        ),
    )


def regions_monthly(context: Context) -> Figure:
    """Downloads of each complete month by region."""
    result = context.query(
        _MONTHLY.format(key="region", table="region_downloads_monthly", among="")
    )
    rows = result.records
    last = max((row["month"] for row in rows), default="")
    now = sorted((row for row in rows if row["month"] == last), key=lambda row: -row["downloads"])
    names = [row["region"] for row in now]
    title = "Downloads of each month by region"
    if now:
        parts = [f"{the_region(row['region'])} {percent(row['share'])}" for row in now[:3]]
        title = f"In {month(last)}: {sentence(listed(parts))} of the month's downloads"
    return Figure(
        "regions-monthly",
        title,
        "Downloads of tracked models in each complete month, by region of the publisher.",
        result,
        ("region_downloads_monthly",),
        context.source,
        context.as_of,
        context.coverage,
        charts.lines(
            rows, x="month", y="downloads", kind="region", names=names, looks=context.looks,
            labels=_labels(names), unit="utcyearmonth",
            tooltip=[
                charts.tip("region", "Region"),
                charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
                charts.count_tip("downloads", "Downloads"),
                charts.percent_tip("share", "Share"),
                charts.count_tip("downloads_interpolated", "of them interpolated"),
            ],
        ) if rows else None,
        empty=context.one_snapshot,
    )  # fmt: skip


def leaders(context: Context) -> Figure:
    """Phases of dominance, by metric."""
    result = context.query(
        """
        select
            leader_kind, metric, phase, leader, first_month, last_month, months, mean_share,
            least_total, is_left_censored, is_right_censored
        from dominance_phases
        where
            leader_kind in ('region', 'org')
            and (population = 'tracked' or metric = 'tokens')
        order by leader_kind desc, metric, phase
        """
    )
    rows = [
        {
            "what": METRICS.get(row["metric"], row["metric"]),
            "label": region(row["leader"]),
            "from_day": row["first_month"],
            "to_day": charts.month_after(row["last_month"]),
        }
        for row in result.records
    ]
    found = Result(
        result.query,
        (*result.columns, "what", "label", "from_day", "to_day"),
        tuple((*row, *extra.values()) for row, extra in zip(result.rows, rows, strict=True)),
        result.missing,
    )
    names = list(dict.fromkeys(row["leader"] for row in found.records))
    kinds = {row["leader"]: row["leader_kind"] for row in found.records}
    order = [text for text in METRICS.values() if any(text == row["what"] for row in rows)]
    scale = {
        "domain": names,
        "range": [context.looks.of(kinds[name], name).colour for name in names],
    }
    now = [
        row for row in result.records
        if row["leader_kind"] == "region" and row["metric"] in METRICS
        and row["is_right_censored"] and row["leader"] != "contested"
    ]  # fmt: skip
    title = "Phases of dominance"
    if now:
        by_leader: dict[str, list[str]] = {}
        for row in sorted(now, key=lambda row: list(METRICS).index(row["metric"])):
            # Tokens are ranked on days of their own, which may be later than the as-of day.
            until = row["last_month"]
            later = f" (to {month(until)})" if until > context.as_of else ""
            by_leader.setdefault(row["leader"], []).append(METRICS[row["metric"]].lower() + later)
        title = sentence(
            "; ".join(
                f"{the_region(name)} leads in {listed(what)}" for name, what in by_leader.items()
            )
        )
    return Figure(
        "phases",
        title,
        "A phase: at least two complete months with one leader by more than a point; grey is "
        "contested. The first and the last may reach beyond the data. A lead of a few derivatives "
        "(least_total) says little.",
        found,
        ("dominance_phases",),
        context.both_sources,
        context.as_of,
        context.coverage,
        charts.phases(order, scale) if rows else None,
        empty="No phase can be told: that takes complete months with a known leader. "
        + context.one_snapshot,
        controls=(
            Control("Leader among", "leader_kind",
                    (("region", "regions"), ("org", "organisations")), "region"),
        ),
        hide=("what", "label", "from_day", "to_day"),
    )  # fmt: skip


def organisations_cumulative(context: Context, crossings: Result) -> Figure:
    """Cumulative downloads of the largest organisations."""
    result = context.query(
        _CUMULATIVE.format(key="org", table="org_downloads_monthly", among=_LARGEST)
    )
    newest = latest(result, "day")
    names = [row["org"] for row in newest]
    tooltip = [
        charts.tip("org", "Organisation"),
        charts.tip("day", "At the end of", type="temporal", timeUnit="utcyearmonthdate"),
        charts.count_tip("cumulative_downloads", "Cumulative downloads"),
        charts.percent_tip("cumulative_share", "Share"),
    ]
    if len({row["day"] for row in result.records}) > 1:
        spec = charts.lines(
            result.records, x="day", y="cumulative_downloads", kind="org", names=names,
            looks=context.looks, tooltip=tooltip,
            events=_events(crossings, "org", names[:2], 2),
        )  # fmt: skip
    else:
        spec = charts.bars(
            y="org", x="cumulative_downloads", kind="org", names=names,
            looks=context.looks, tooltip=tooltip, rows=len(names),
            text={"field": "cumulative_share", "type": "quantitative", "format": ".1%"},
        )  # fmt: skip
    title = "Cumulative downloads of the largest organisations"
    if len(newest) > 1:
        first, second = newest[0], newest[1]
        ratio = (first["cumulative_downloads"] or 0) / (second["cumulative_downloads"] or 1)
        title = (
            f"{first['org']} has {count(first['cumulative_downloads'])} downloads, {times(ratio)} "
            f"those of {second['org']}"
            + after_comma(since(context, first["org"], crossings, "org"))
        )
    return Figure(
        "organisations-cumulative",
        title,
        f"All-time downloads of tracked models of the {len(names)} largest organisations. "
        "Colours are shades of the region's.",
        result,
        ("org_downloads_monthly", "crossovers"),
        context.source,
        context.as_of,
        context.coverage,
        spec if newest else None,
        empty="No cumulative downloads of tracked models are known.",
    )


def organisations_monthly(context: Context) -> Figure:
    """Downloads a month of the largest organisations."""
    result = context.query(
        _MONTHLY.format(key="org", table="org_downloads_monthly", among=_LARGEST)
    )
    rows = result.records
    last = max((row["month"] for row in rows), default="")
    now = sorted((row for row in rows if row["month"] == last), key=lambda row: -row["downloads"])
    names = [row["org"] for row in now]
    title = "Downloads of each month, largest organisations"
    if len(now) > 1:
        others = sum(row["downloads"] for row in now[1:])
        title = (
            f"{now[0]['org']} had {count(now[0]['downloads'])} downloads in {month(last)}; the "
            f"next {len(now) - 1} largest together {count(others)}"
        )
    return Figure(
        "organisations-monthly",
        title,
        "Downloads of tracked models in each complete month, the organisations above.",
        result,
        ("org_downloads_monthly",),
        context.source,
        context.as_of,
        context.coverage,
        charts.lines(
            rows, x="month", y="downloads", kind="org", names=names, looks=context.looks,
            unit="utcyearmonth",
            tooltip=[
                charts.tip("org", "Organisation"),
                charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
                charts.count_tip("downloads", "Downloads"),
                charts.percent_tip("share", "Share"),
            ],
        ) if rows else None,
        empty=context.one_snapshot,
    )  # fmt: skip


def concentration(context: Context) -> Figure:
    """The part of the largest one, three and ten organisations."""
    result = context.query(
        """
        with months as (
            select month, top1_share, top3_share, top10_share, hhi, unattributed_share
            from concentration_monthly
            where
                population = 'tracked' and metric = 'downloads' and level = 'org'
                and is_complete_month
        )

        select month, 'largest' as part, top1_share as share, hhi, unattributed_share
        from months
        union all
        select month, 'largest 3', top3_share, hhi, unattributed_share
        from months
        union all
        select month, 'largest 10', top10_share, hhi, unattributed_share
        from months
        order by month, part
        """
    )
    rows = result.known("share")
    names = ["largest 10", "largest 3", "largest"]
    title = "How concentrated downloads are"
    top = [row for row in rows if row["part"] == "largest 3"]
    if top:
        title = (
            f"The three largest organisations had {percent(top[-1]['share'])} of the downloads of "
            f"{month(top[-1]['month'])}, {percent(top[0]['share'])} of those of "
            f"{month(top[0]['month'])}"
        )
    return Figure(
        "concentration",
        title,
        "Part of the month's downloads of tracked models that the largest one, three and ten "
        "organisations have. Higher is more concentrated.",
        result,
        ("concentration_monthly",),
        context.source,
        context.as_of,
        context.coverage,
        charts.lines(
            rows, x="month", y="share", kind="part", names=names, looks=context.looks,
            unit="utcyearmonth", y_axis=charts.PERCENT_AXIS, height=240,
            tooltip=[
                charts.tip("part", "Organisations"),
                charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
                charts.percent_tip("share", "Share"),
                charts.number_tip("hhi", "Sum of squared shares"),
            ],
        ) if rows else None,
        empty=context.one_snapshot,
    )  # fmt: skip


def crossover_table(context: Context, crossings: Result) -> Figure:
    """Who passed whom."""
    rows = [row for row in crossings.records if row["status"] != "reverted"]
    title = "Who passed whom"
    if rows:
        first = rows[0]
        title = (
            f"The last to pass another: {region(first['overtaker'])} passed "
            f"{region(first['overtaken'])} on {crossing_day(first)} ({first['status']})"
        )
    return Figure(
        "crossovers",
        title,
        "Days on which one cumulative count became greater than another's, regions and the twelve "
        "largest organisations. Confirmed: ahead on 30 observed days.",
        crossings,
        ("crossovers",),
        context.source,
        context.as_of,
        context.coverage,
        empty=""
        if crossings.rows
        else "No crossover was seen: that takes counters of several days.",
        open_table=True,
    )
