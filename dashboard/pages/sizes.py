"""Which sizes are downloaded, who leads in each, and what active parameters change."""

from typing import Any

from dashboard import charts
from dashboard.context import Context, Page
from dashboard.figures import Figure, Pick
from dashboard.marts import Result
from dashboard.text import BUCKETS, count, listed, month, percent, region, sentence

# Organisations named in a size's bar; the rest stand together.
NAMED = 5

_BILLION = 1e9


def page(context: Context) -> Page:
    """The page with its figures."""
    leading = leaders(context)
    return Page(
        "sizes",
        "Sizes",
        _lead(context, leading),
        [
            shares(context),
            leading,
            active(context),
            active_against_total(context),
        ],
    )


def _lead(context: Context, leading: Figure) -> str:
    rows = context.query(
        """
        select size_bucket, cumulative_share
        from bucket_downloads_monthly
        where population = 'tracked'
        qualify month = max(month) over ()
        order by cumulative_share desc nulls last, size_bucket
        """
    ).known("cumulative_share")
    known = [row for row in rows if row["size_bucket"] != "unknown"]
    if not known:
        return "No downloads by size are known in this build."
    parts = [f"{row['size_bucket']} {percent(row['cumulative_share'])}" for row in known[:2]]
    first = _first_of_each(leading.result)
    firsts = sorted(
        {name: sum(1 for n in first.values() if n == name) for name in first.values()}.items(),
        key=lambda item: (-item[1], item[0]),
    )
    return (
        f"Most downloads go to small models: {listed(parts)} of the cumulative count. "
        f"{firsts[0][0]} leads in {firsts[0][1]} of {len(first)} sizes."
        if known[0]["size_bucket"] in BUCKETS[:3] and firsts
        else f"Most downloads go to models of {listed(parts)} of the cumulative count."
    )


def shares(context: Context) -> Figure:
    """The part of each size, month by month or in all."""
    result = context.query(
        """
        select
            month, size_bucket,
            case when is_complete_month then share end as share,
            cumulative_share,
            case when is_complete_month then downloads end as downloads,
            cumulative_downloads, models, is_complete_month
        from bucket_downloads_monthly
        where population = 'tracked' and (is_complete_month or cumulative_share is not null)
        order by month, size_bucket
        """
    )
    rows = result.records
    monthly = [row for row in rows if row["share"] is not None and row["is_complete_month"]]
    names = [name for name in BUCKETS if any(row["size_bucket"] == name for row in rows)]
    options = [
        {"label": "of the month's downloads", "value": "share"},
        {"label": "of cumulative downloads", "value": "cumulative_share"},
    ]
    basis = monthly or rows
    column = "share" if monthly else "cumulative_share"
    last = max((row["month"] for row in basis), default="")
    now = sorted(
        (row for row in basis if row["month"] == last and row[column] is not None),
        key=lambda row: -row[column],
    )
    title = "Downloads by size"
    if now:
        best = now[0]
        when = f"downloads of {month(last)}" if monthly else "cumulative downloads"
        title = f"Models of {best['size_bucket']} have {percent(best[column])} of the {when}"
        first = min(row["month"] for row in basis)
        begin = [
            row for row in basis
            if row["month"] == first and row["size_bucket"] == best["size_bucket"]
        ]  # fmt: skip
        if monthly and begin and first != last:
            title += f"; {percent(begin[0][column])} of those of {month(first)}"
    tooltip = [
        charts.tip("size_bucket", "Size"),
        charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
        charts.percent_tip("value", "Share"),
        charts.count_tip("downloads", "Downloads of the month"),
        charts.count_tip("cumulative_downloads", "Cumulative downloads"),
        charts.count_tip("models", "Models"),
    ]
    if len({row["month"] for row in rows}) > 1:
        spec = charts.stacked_months(
            value="value", kind="size_bucket", names=names, looks=context.looks, tooltip=tooltip
        )
        pick = Pick("Share", options if monthly else options[1:])
    else:
        spec = charts.bars(
            y="size_bucket", x="value", kind="size_bucket", names=names, looks=context.looks,
            tooltip=tooltip, x_axis=charts.PERCENT_AXIS, rows=len(names),
            text={"field": "value", "type": "quantitative", "format": ".1%"},
        )  # fmt: skip
        pick = Pick("Share", options[1:])
    return Figure(
        "shares",
        title,
        "Downloads of tracked models by total parameters, in billions (the bucket `7-9B` is 5 to "
        "10). `unknown`: no size is known.",
        result,
        ("bucket_downloads_monthly",),
        context.source,
        context.as_of,
        context.coverage,
        spec if rows else None,
        empty="No downloads by size are known.",
        pick=pick,
    )


def _first_of_each(result: Result) -> dict[str, str]:
    return {
        row["size_bucket"]: row["org"]
        for row in result.records
        if row["place"] == 1 and row["size_bucket"] != "unknown"
    }


def leaders(context: Context) -> Figure:
    """Who leads in each size."""
    result = context.query(
        f"""
        with newest as (
            select size_bucket, org, cumulative_downloads, cumulative_share_of_bucket
            from bucket_org_downloads_monthly
            where population = 'tracked' and cumulative_downloads is not null
            qualify month = max(month) over ()
        ),

        placed as (
            select
                *,
                row_number() over (
                    partition by size_bucket order by cumulative_downloads desc, org
                ) as place
            from newest
        )

        select size_bucket, place, org, cumulative_downloads, cumulative_share_of_bucket
        from placed
        where place <= {NAMED}
        union all
        select
            size_bucket, {NAMED + 1}, 'all others', sum(cumulative_downloads)::bigint,
            sum(cumulative_share_of_bucket)
        from placed
        where place > {NAMED}
        group by size_bucket
        order by size_bucket, place
        """
    )
    rows = result.records
    order = [name for name in BUCKETS if any(row["size_bucket"] == name for row in rows)]
    names = list(dict.fromkeys(row["org"] for row in rows))
    first = _first_of_each(result)
    title = "Who leads in each size"
    if first:
        sizes: dict[str, list[str]] = {}
        for bucket in order:
            if bucket in first:
                sizes.setdefault(first[bucket], []).append(bucket)
        ranked = sorted(sizes.items(), key=lambda item: -len(item[1]))
        title = "; ".join(f"{org} leads in {listed(found)}" for org, found in ranked[:3])
    return Figure(
        "leaders",
        sentence(title) if not first else title,
        f"The {NAMED} largest organisations of each size, part of the size's cumulative downloads.",
        result,
        ("bucket_org_downloads_monthly",),
        context.source,
        context.as_of,
        context.coverage,
        charts.stacked_bars(
            y="size_bucket", order=order, value="cumulative_share_of_bucket", label="org",
            colour_scale=charts.colours(context.looks, "org", names), colour_field="org",
            tooltip=[
                charts.tip("org", "Organisation"),
                charts.tip("size_bucket", "Size"),
                charts.percent_tip("cumulative_share_of_bucket", "Part of the size"),
                charts.count_tip("cumulative_downloads", "Cumulative downloads"),
            ],
        ) if rows else None,
        empty="No downloads by size and organisation are known.",
    )  # fmt: skip


def active(context: Context) -> Figure:
    """Downloads by active instead of total parameters."""
    result = context.query(
        """
        with counted as (
            select 'total' as parameters, size_bucket, downloads_all_time
            from dim_models
            where is_tracked
            union all
            select 'active', active_size_bucket, downloads_all_time
            from dim_models
            where is_tracked
        )

        select
            parameters, size_bucket, count(*) as models,
            sum(downloads_all_time)::bigint as downloads,
            sum(downloads_all_time)
            / nullif(sum(sum(downloads_all_time)) over (partition by parameters), 0) as share
        from counted
        group by parameters, size_bucket
        order by parameters desc, size_bucket
        """
    )
    rows = result.known("share")
    order = [name for name in BUCKETS if any(row["size_bucket"] == name for row in rows)]
    found = Result(
        result.query,
        (*result.columns, "place"),
        tuple(
            (*row, BUCKETS.index(row[1]) if row[1] in BUCKETS else len(BUCKETS))
            for row in result.rows
        ),
        result.missing,
    )
    part: dict[str, float] = {}
    for row in rows:
        if row["size_bucket"] in ("100-250B", "250B+"):
            part[row["parameters"]] = part.get(row["parameters"], 0) + row["share"]
    title = "Sizes by total and by active parameters"
    if part.get("total"):
        title = (
            f"Models of 100B and more have {percent(part['total'])} of downloads; counted by the "
            f"parameters that are active, {percent(part.get('active', 0.0))}"
        )
    return Figure(
        "active",
        title,
        "All-time downloads of tracked models by total and by active parameters. Mixtures of "
        "experts use a part of their parameters for a token.",
        found,
        ("dim_models",),
        context.source,
        context.as_of,
        context.coverage,
        charts.stacked_bars(
            y="parameters", order=["total", "active"], value="share", label="size_bucket",
            colour_scale=charts.colours(context.looks, "size_bucket", order),
            colour_field="size_bucket", height=130,
            tooltip=[
                charts.tip("size_bucket", "Size"),
                charts.tip("parameters", "Parameters"),
                charts.percent_tip("share", "Share"),
                charts.count_tip("downloads", "Downloads"),
                charts.count_tip("models", "Models"),
            ],
        ) if rows else None,
        empty="No all-time counter of a tracked model is known.",
        hide=("place",),
    )  # fmt: skip


def active_against_total(context: Context) -> Figure:
    """Each mixture of experts: total parameters against active ones."""
    result = context.query(
        """
        select
            model_id, org, region, parameters_total, parameters_active, size_bucket,
            active_size_bucket, downloads_all_time
        from dim_models
        where
            is_tracked and parameters_active < parameters_total and downloads_all_time is not null
        order by downloads_all_time desc, model_id
        limit 250
        """
    )
    rows = result.records
    regions = list(dict.fromkeys(row["region"] for row in rows))
    title = "Total against active parameters"
    if rows:
        ratios = sorted(row["parameters_total"] / row["parameters_active"] for row in rows)
        title = (
            f"Half of the mixtures of experts use 1/{ratios[len(ratios) // 2]:.1f} of their "
            "parameters or less for a token"
        )
        largest = rows[0]
        title += (
            f"; the most downloaded is {largest['model_id']} "
            f"({count(largest['downloads_all_time'])})"
        )
    axis = {"tickCount": 4, "grid": True,
            "labelExpr": "replace(format(datum.value, '~s'), 'G', 'B')"}  # fmt: skip
    spec: dict[str, Any] = charts.chart(
        [
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.75},
                "encoding": {
                    "x": {"field": "parameters_total", "type": "quantitative",
                          "scale": {"type": "log", "nice": True},
                          "axis": {**axis, "title": "total parameters"}},
                    "y": {"field": "parameters_active", "type": "quantitative",
                          "scale": {"type": "log", "nice": True},
                          "axis": {**axis, "title": "active parameters"}},
                    "size": {"field": "downloads_all_time", "type": "quantitative", "legend": None,
                             "scale": {"range": [20, 900]}},
                    "color": {"field": "region_name", "type": "nominal",
                              "scale": {"domain": [region(name) for name in regions],
                                        "range": [context.looks.of("region", name).colour
                                                  for name in regions]},
                              "legend": {"title": None, "orient": "top", "symbolType": "circle"}},
                    "shape": {"field": "region_name", "type": "nominal", "legend": None},
                    "tooltip": [
                        charts.tip("model_id", "Model"),
                        charts.count_tip("parameters_total", "Total parameters"),
                        charts.count_tip("parameters_active", "Active parameters"),
                        charts.count_tip("downloads_all_time", "Downloads"),
                    ],
                },
            }
        ],
        400,
    )  # fmt: skip
    found = Result(
        result.query,
        (*result.columns, "region_name"),
        tuple((*row, region(row[2])) for row in result.rows),
        result.missing,
    )
    return Figure(
        "active-total",
        title,
        "Tracked mixtures of experts with a counter, at most 250; area: all-time downloads.",
        found,
        ("dim_models",),
        context.source,
        context.as_of,
        context.coverage,
        spec if rows else None,
        empty="No tracked model with a counter states active parameters below its total ones.",
        hide=("region_name",),
    )
