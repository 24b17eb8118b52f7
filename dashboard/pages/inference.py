"""Which models are used: tokens on OpenRouter."""

from dashboard import charts
from dashboard.context import TOP, Context, Page
from dashboard.figures import Control, Figure, Pick
from dashboard.text import count, listed, month, percent, region, sentence, the_region
from dashboard.text import day as as_day

SHARES = (
    {"label": "of all tokens", "value": "share", "low": "share_low", "high": "share_high"},
    {"label": "of open models' tokens", "value": "share_of_open"},
    {"label": "of matched tokens", "value": "share_of_matched"},
)

NOTE = (
    "Tokens are each provider's own tokenizer's: shares between vendors are approximate. "
    "OpenRouter ranks 50 models a day; absence from the 50 is not zero."
)


def page(context: Context) -> Page:
    """The page with its figures."""
    regions, used = by_month(context, "region"), models(context)
    return Page(
        "inference",
        "Inference",
        _lead(regions, used),
        [regions, by_day(context), by_month(context, "org"), matched(context), used],
    )


def _lead(regions: Figure, used: Figure) -> str:
    rows = regions.result.records
    full = _fullest(rows)
    now = [row for row in rows if row["month"] == full and row["region"] != "unknown"]
    if not now:
        return "No tokens are known in this build."
    first = now[0]
    text = (
        f"On OpenRouter, models from {the_region(first['region'])} are used most: "
        f"{percent(first['share'])} of the tokens of {month(full)}"
    )
    opened = max(now, key=lambda row: row["share_of_open"] or 0)
    if opened["share_of_open"]:
        text += (
            f"; among open models {the_region(opened['region'])} with "
            f"{percent(opened['share_of_open'])}"
        )
    best = [row for row in used.result.records if row["openness"] == "open"]
    return text + (f". The most used open model is {best[0]['base_slug']}." if best else ".")


def _none() -> str:
    return (
        "No rankings are loaded: OpenRouter's need a key (`OPENROUTER_API_KEY`), or files in an "
        "import folder (`openrouter/*.csv`)."
    )


def _coverage(context: Context) -> str:
    rows = context.query(
        """
        select
            count(distinct day) as days, min(day) as first_day, max(day) as last_day,
            sum(tokens) filter (where match_basis <> 'none') / nullif(sum(tokens), 0) as matched
        from inference_daily
        """
    ).records
    if not rows or not rows[0]["days"]:
        return "nothing is loaded"
    row = rows[0]
    return (
        f"{row['days']} days, {row['first_day']} to {row['last_day']}; "
        f"{percent(row['matched'])} of tokens matched to a model or its organisation"
    )


def by_month(context: Context, key: str) -> Figure:
    """Shares of tokens of the last months by region or organisation."""
    among = (
        ""
        if key == "region"
        else f"""
        where
            org in (
                select org
                from inference_org_monthly
                where org <> 'unknown'
                group by org
                order by sum(tokens) desc, org
                limit {TOP}
            )"""
    )
    result = context.query(
        f"""
        select
            month, {key}, tokens, share, share_low, share_high, share_of_open, share_of_matched,
            matched_fraction, days_present
        from inference_{key}_monthly{among}
        order by month desc, share desc nulls last, {key}
        """
    )
    rows = result.records
    months = sorted({row["month"] for row in rows}, reverse=True)
    full = _fullest(rows)
    now = [row for row in rows if row["month"] == full and row[key] != "unknown"]
    what = "region" if key == "region" else "organisation"
    title = f"Tokens by {what}"
    if now:
        naming = the_region if key == "region" else str
        first = now[0]
        name = sentence(the_region(first[key])) if key == "region" else first[key]
        title = f"{name} has {percent(first['share'])} of the tokens of {month(full)}"
        if first["share_high"] is not None:
            title += f" (at most {percent(first['share_high'])})"
        if len(now) > 1:
            title += f", before {naming(now[1][key])} with {percent(now[1]['share'])}"
    names = list(dict.fromkeys(row[key] for row in rows))
    return Figure(
        f"tokens-{key}",
        title,
        f"Tokens on OpenRouter by {what} of the model's publisher. Bars: from all unmatched tokens "
        "being the others' to all being its.",
        result,
        (f"inference_{key}_monthly",),
        context.tokens_source,
        context.tokens_as_of or context.as_of,
        _coverage(context),
        _bounds(context, key, names) if rows else None,
        empty=_none(),
        notes=(NOTE,),
        controls=(Control("Month", "month", [(m, month(m)) for m in months], full),),
        pick=Pick("Share", SHARES),
        take=12,
    )


def _fullest(rows: list[dict[str, object]]) -> str:
    """The last month with the most days: a month that has begun says less."""
    days: dict[str, int] = {}
    for row in rows:
        days[str(row["month"])] = max(days.get(str(row["month"]), 0), int(str(row["days_present"])))
    whole = [name for name, number in days.items() if number >= 28]
    return max(whole or days, default="")


def _bounds(context: Context, key: str, names: list[str]) -> charts.Spec:
    up = {
        "field": key,
        "type": "nominal",
        "sort": charts.by_value("value"),
        "axis": charts.names_axis(key),
    }
    colour = {"field": key, "type": "nominal", "legend": None,
              "scale": charts.colours(context.looks, key, names)}  # fmt: skip
    tooltip = [
        charts.tip(key, "Region" if key == "region" else "Organisation"),
        charts.percent_tip("value", "Share"),
        charts.percent_tip("low", "Low"),
        charts.percent_tip("high", "High"),
        charts.count_tip("tokens", "Tokens"),
        charts.count_tip("days_present", "Days present"),
    ]
    return charts.chart(
        [
            {
                "mark": {"type": "bar", "height": {"band": 0.62}},
                "encoding": {"y": up, "color": colour, "tooltip": tooltip,
                             "x": {"field": "value", "type": "quantitative",
                                   "axis": charts.PERCENT_AXIS}},
            },
            {
                "transform": [{"filter": "isValid(datum.high) && datum.high > datum.low"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "style": "interval"},
                "encoding": {"y": up, "x": {"field": "low", "type": "quantitative"},
                             "x2": {"field": "high"}},
            },
        ],
        30 * min(len(names), 12) + 10,
    )  # fmt: skip


def by_day(context: Context) -> Figure:
    """Shares of tokens day by day."""
    result = context.query(
        """
        select
            day, coalesce(region, 'unknown') as region, sum(tokens)::bigint as tokens,
            sum(tokens) / sum(sum(tokens)) over (partition by day) as share
        from inference_daily
        group by day, coalesce(region, 'unknown')
        order by day, region
        """
    )
    rows = result.records
    total: dict[str, int] = {}
    for row in rows:
        total[row["region"]] = total.get(row["region"], 0) + row["tokens"]
    names = sorted(total, key=lambda name: -total[name])
    title = "Tokens day by day"
    if rows:
        first, last = rows[0]["day"], rows[-1]["day"]
        leader = next((name for name in names if name != "unknown"), "")

        def part(day: str) -> float:
            return next(
                (row["share"] for row in rows if row["day"] == day and row["region"] == leader), 0.0
            )

        title = (
            f"{sentence(the_region(leader))} had {percent(part(first))} of the tokens of "
            f"{as_day(first)} and {percent(part(last))} of those of {as_day(last)}"
        )
    return Figure(
        "tokens-day",
        title,
        "Share of each day's tokens by region of the model's publisher; `unknown` are tokens that "
        "cannot be matched, the ranking's `other` among them.",
        result,
        ("inference_daily",),
        context.tokens_source,
        context.tokens_as_of or context.as_of,
        _coverage(context),
        charts.lines(
            rows, x="day", y="share", kind="region", names=names, looks=context.looks,
            labels={name: region(name) for name in names}, y_axis=charts.PERCENT_AXIS,
            tooltip=[
                charts.tip("region", "Region"),
                charts.tip("day", "Day", type="temporal", timeUnit="utcyearmonthdate"),
                charts.percent_tip("share", "Share"),
                charts.count_tip("tokens", "Tokens"),
            ],
        ) if rows else None,
        empty=_none(),
    )  # fmt: skip


def matched(context: Context) -> Figure:
    """How many tokens are matched, and how."""
    result = context.query(
        """
        select
            date_trunc('month', day)::date as month, match_basis,
            count(distinct model_permaslug) as slugs, sum(tokens)::bigint as tokens,
            sum(tokens) / sum(sum(tokens)) over (partition by date_trunc('month', day)) as share
        from inference_daily
        group by date_trunc('month', day)::date, date_trunc('month', day), match_basis
        order by month, match_basis
        """
    )
    rows = result.records
    last = max((row["month"] for row in rows), default="")
    none = [row for row in rows if row["month"] == last and row["match_basis"] == "none"]
    title = "How tokens are matched"
    if rows:
        part = 1 - (none[0]["share"] if none else 0.0)
        title = (
            f"{percent(part)} of the tokens of {month(last)} are matched to a model or its "
            "organisation"
        )
    return Figure(
        "matched",
        title,
        "By what a slug was matched: OpenRouter's catalogue, an alias of the project's list, the "
        "vendor's name alone, or nothing.",
        result,
        ("inference_daily",),
        context.tokens_source,
        context.tokens_as_of or context.as_of,
        _coverage(context),
        empty="" if rows else _none(),
        open_table=True,
    )


def models(context: Context) -> Figure:
    """The most used models of the last 30 days that were read."""
    result = context.query(
        """
        select
            base_slug, max(model_id) as model_id, max(org) as org, max(region) as region,
            max(openness) as openness, max(match_basis) as match_basis,
            sum(tokens)::bigint as tokens,
            sum(tokens) / (
                select sum(tokens)
                from inference_daily
                where day > (select max(day) from inference_daily) - interval 30 day
            ) as share,
            count(distinct day) as days_present
        from inference_daily
        where day > (select max(day) from inference_daily) - interval 30 day
        group by base_slug
        order by tokens desc, base_slug
        limit 60
        """
    )
    rows = result.records
    title = "The most used models"
    opened = [row for row in rows if row["openness"] == "open"]
    if opened:
        names = [f"{row['base_slug']} ({count(row['tokens'])} tokens)" for row in opened[:2]]
        title = f"The most used open models of the last 30 days: {listed(names)}"
    return Figure(
        "most-used",
        title,
        "Tokens of the last 30 days that were read, variants of a model together. Without a model "
        "id: closed, or not matched.",
        result,
        ("inference_daily",),
        context.tokens_source,
        context.tokens_as_of or context.as_of,
        _coverage(context),
        empty="" if rows else _none(),
        open_table=True,
    )
