"""On whose models others build, and what was built on a model."""

from datetime import date
from typing import Any

from dashboard import charts
from dashboard.context import TOP, Context, DataFile, Page
from dashboard.figures import Control, Figure
from dashboard.marts import Result
from dashboard.text import count, month, percent, plural, region, the_region

# A tree's branch lists so many children; a popular base has thousands.
CHILDREN = 60
# Edges in all that the page's data file holds.
EDGES = 20_000


def page(context: Context) -> Page:
    """The page with its figures."""
    by_region = derivatives(context, "region")
    by_org = derivatives(context, "base_org")
    found = tree(context)
    return Page(
        "lineage",
        "Lineage",
        _lead(by_region, by_org),
        [by_region, by_org, with_descendants(context)],
        {"tree_start": _largest(context), "tree_query": found["query"], "children": CHILDREN},
        (DataFile("lineage", found),),
    )


def _lead(by_region: Figure, by_org: Figure) -> str:
    """Who led at the beginning, and who leads now."""
    rows = [
        row for row in by_region.result.records if row["attribution"] == "direct" and row["of_all"]
    ]
    if not rows:
        return "No derivative with a known base is in this build."

    def largest(records: list[dict[str, Any]], name: str) -> str:
        total: dict[str, float] = {}
        for row in records:
            total[row[name]] = total.get(row[name], 0.0) + row["new_derivatives"]
        return max(total, key=lambda member: total[member])

    months = sorted({row["month"] for row in rows})
    early, late = months[:12], latest_year(rows)
    now = largest([row for row in rows if row["month"] in late], "region")
    text = (
        f"From {month(late[0])} to {month(late[-1])} others built mostly on models from "
        f"{the_region(now)}"
    )
    if months[0] < late[0]:
        before = largest([row for row in rows if row["month"] in early], "region")
        text += (
            f"; from {month(early[0])} to {month(early[-1])} it was {the_region(before)}"
            if before != now
            else ", as from the beginning"
        )
    orgs = [
        row for row in by_org.result.records
        if row["attribution"] == "direct" and row["month"] in late
    ]  # fmt: skip
    if orgs:
        text += f". {largest(orgs, 'org')}'s are the base most taken"
    return text + "."


def latest_year(rows: list[dict[str, Any]]) -> list[str]:
    """The months with derivatives among the twelve that end with the newest of them."""
    newest = date.fromisoformat(max(row["month"] for row in rows))
    after = newest.replace(year=newest.year - 1).isoformat()
    return sorted({row["month"] for row in rows if row["month"] > after})


def _edges_coverage(context: Context) -> str:
    rows = context.query(
        """
        select
            count(*) as edges,
            count(*) filter (where parent_status = 'loaded') as loaded,
            count(*) filter (where is_dangling) as dangling
        from lineage_edges
        """
    ).records
    if not rows or not rows[0]["edges"]:
        return "no edge is known"
    row = rows[0]
    return (
        f"{plural(row['edges'], 'edge')}, {percent(row['loaded'] / row['edges'])} with a parent "
        f"that was read, {row['dangling']:,} to a name that cannot be resolved"
    )


def _later_readings(context: Context) -> list[str]:
    """How many derivatives were filtered by a counter that is not of their thirtieth day."""
    row = context.query(
        """
        select
            sum(new_derivative_models)::bigint as models,
            sum(later_reading_models)::bigint as later
        from derivatives_monthly
        where filtered and attribution = 'direct' and share is not null and not is_provisional
        """
    ).records
    if not row or not row[0]["later"]:
        return []
    return [
        f"Of {plural(row[0]['models'], 'derivative')} {row[0]['later']:,} passed by a later "
        "counter, for want of one 30 days after their creation: of older ones more pass."
    ]


def _part_of_the_hub(context: Context) -> list[str]:
    rows = context.query(
        "select count(*) as months from region_downloads_monthly where population = 'hub'"
    ).records
    if not rows or rows[0]["months"]:
        return []
    return ["The Hub was not read as a whole: derivatives that nobody read are missing here."]


def derivatives(context: Context, key: str) -> Figure:
    """The part of new derivatives of other organisations' models, by region or organisation."""
    name = "region" if key == "region" else "org"
    result = context.query(
        f"""
        with shares as (
            select
                month, attribution, {key} as {name}, sum(share) as share,
                sum(new_derivatives)::double as new_derivatives
            from derivatives_monthly
            where filtered and share is not null and not is_provisional
            group by month, attribution, {key}
        ),

        months as (
            select month, attribution, sum(new_derivatives) as of_all
            from shares
            group by month, attribution
        ),

        every_month as (
            select all_months.month::date as month, kinds.attribution, months.of_all
            from generate_series(
                (select min(month) from months), (select max(month) from months),
                interval 1 month
            ) as all_months (month)
            cross join (select distinct attribution from months) as kinds
            left join months
                on all_months.month = months.month and kinds.attribution = months.attribution
        ),

        largest as (
            select {name}
            from shares
            where attribution = 'direct'
            group by {name}
            order by sum(new_derivatives) desc, {name}
            limit {TOP}
        )

        -- A month without a derivative has no share: a line breaks there.
        select
            m.month, m.attribution, l.{name},
            case when m.of_all > 0 then coalesce(s.share, 0) end as share,
            coalesce(s.new_derivatives, 0) as new_derivatives, m.of_all
        from every_month as m
        cross join largest as l
        left join shares as s
            on
                m.month = s.month
                and m.attribution = s.attribution
                and l.{name} = s.{name}
        order by m.month, m.attribution, l.{name}
        """
    )
    direct = [row for row in result.records if row["attribution"] == "direct"]
    rows = [row for row in direct if row["of_all"]]
    shown = sorted(
        {row[name] for row in rows},
        key=lambda member: -sum(row["new_derivatives"] for row in rows if row[name] == member),
    )
    what = "regions" if key == "region" else "organisations"
    title = f"New derivatives by {what}"
    months = latest_year(rows) if rows else []
    pooled = {
        member: sum(
            row["new_derivatives"] for row in rows if row[name] == member and row["month"] in months
        )
        for member in shown
    }
    total = sum({row["month"]: row["of_all"] for row in rows if row["month"] in months}.values())
    ranked = sorted(pooled, key=lambda member: -pooled[member])
    if total:
        naming = the_region if key == "region" else str
        title = (
            f"{percent(pooled[ranked[0]] / total)} of the {total:,.0f} derivatives from "
            f"{month(months[0])} to {month(months[-1])} are built on models from "
            f"{naming(ranked[0])}"
        )
        if len(ranked) > 1:
            title += f", {percent(pooled[ranked[1]] / total)} on those from {naming(ranked[1])}"
    small = {row["month"] for row in rows if row["of_all"] < 10}
    notes = [
        "A derivative is a model by another organisation than its base; it counts once. With more "
        "than 5 downloads 30 days after creation; months younger than that are left out.",
        *_later_readings(context),
        *_part_of_the_hub(context),
    ]
    if key == "region" and small:
        notes.append(
            f"{plural(len(small), 'month')} of {len({row['month'] for row in rows})} have fewer "
            "than 10 derivatives: their shares say little."
        )
    return Figure(
        f"derivatives-{name}",
        title,
        f"Part of each month's new derivatives of tracked organisations' models, by the base's "
        f"{'region' if key == 'region' else 'organisation'}.",
        result,
        ("derivatives_monthly",),
        context.source,
        context.as_of,
        _edges_coverage(context),
        charts.lines(
            direct, x="month", y="share", kind=name, names=shown, looks=context.looks,
            labels={member: region(member) for member in shown}, unit="utcyearmonth",
            y_axis=charts.PERCENT_AXIS,
            tooltip=[
                charts.tip(name, "Region" if key == "region" else "Organisation"),
                charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
                charts.percent_tip("share", "Share"),
                charts.number_tip("new_derivatives", "New derivatives"),
                charts.number_tip("of_all", "of all"),
            ],
        ) if rows else None,
        empty="No derivative with a known base is in this build.",
        notes=notes,
        controls=(
            Control("A derivative counts for", "attribution",
                    (("direct", "its direct bases"), ("root", "the roots of its lines")),
                    "direct"),
        ),
    )  # fmt: skip


def with_descendants(context: Context) -> Figure:
    """Own downloads and those with all descendants."""
    result = context.query(
        """
        select
            s.model_id, d.org, d.region, s.downloads_own, s.downloads_with_descendants,
            s.children, s.descendants, s.finetunes, s.adapters, s.quantizations, s.merges,
            s.descendants_without_counter
        from model_descendants as s
        inner join dim_models as d on s.model_id = d.model_id
        where d.is_tracked and s.descendants > 0 and s.downloads_with_descendants is not null
        order by s.downloads_with_descendants desc, s.model_id
        limit 100
        """
    )
    rows = result.records
    found = Result(
        result.query,
        (*result.columns, "extra"),
        tuple((*row, (row[4] or 0) - (row[3] or 0)) for row in result.rows),
        result.missing,
    )
    title = "Downloads with descendants"
    if rows:
        gain = max(
            (row for row in rows[:20] if row["downloads_own"]),
            key=lambda row: row["downloads_with_descendants"] / row["downloads_own"],
            default=rows[0],
        )
        title = (
            f"{rows[0]['model_id']} and what is built on it have "
            f"{count(rows[0]['downloads_with_descendants'])} downloads"
        )
        if gain["downloads_own"]:
            factor = gain["downloads_with_descendants"] / gain["downloads_own"]
            title += (
                f"; of the {len(rows[:20])} largest {gain['model_id']} gains most, to "
                f"{factor:.1f} times its own"
            )
    names = list(dict.fromkeys(row["region"] for row in rows[:15]))
    up = {"field": "model_id", "type": "nominal",
          "sort": charts.by_value("downloads_with_descendants"),
          "axis": charts.names_axis("model_id")}  # fmt: skip
    colour = {"field": "region", "type": "nominal", "legend": None,
              "scale": charts.colours(context.looks, "region", names)}  # fmt: skip
    tooltip = [
        charts.tip("model_id", "Model"),
        charts.count_tip("downloads_own", "Its own downloads"),
        charts.count_tip("downloads_with_descendants", "With all descendants"),
        charts.count_tip("descendants", "Descendants"),
        charts.count_tip("descendants_without_counter", "of them without a counter"),
    ]
    spec = charts.chart(
        [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}, "opacity": 0.35},
                "encoding": {"y": up, "color": colour, "tooltip": tooltip,
                             "x": {"field": "downloads_with_descendants", "type": "quantitative",
                                   "axis": charts.SHORT_AXIS}},
            },
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {"y": up, "color": colour, "tooltip": tooltip,
                             "x": {"field": "downloads_own", "type": "quantitative"}},
            },
        ],
        26 * len(rows[:15]) + 10,
    )  # fmt: skip
    return Figure(
        "descendants",
        title,
        "All-time downloads of tracked models: dark, their own; light, those of all their "
        "descendants as well, each once.",
        found,
        ("model_descendants", "dim_models"),
        context.source,
        context.as_of,
        _edges_coverage(context),
        spec if rows else None,
        empty="No tracked model with a known descendant has a counter.",
        take=15,
        hide=("extra",),
    )


def _largest(context: Context) -> str:
    rows = context.query(
        """
        select s.model_id
        from model_descendants as s
        inner join dim_models as d on s.model_id = d.model_id
        where d.is_tracked
        order by s.descendants desc, s.model_id
        limit 1
        """
    ).records
    return str(rows[0]["model_id"]) if rows else ""


def tree(context: Context) -> dict[str, Any]:
    """Edges around tracked models, for the tree: names once, edges by their numbers."""
    result = context.query(
        f"""
        with around as (
            select e.child_id, e.parent_id, e.relation, e.parent_status, e.in_cycle
            from lineage_edges as e
            where
                not e.is_self
                and (
                    e.parent_id in (select model_id from dim_models where is_tracked)
                    or e.child_id in (select model_id from dim_models where is_tracked)
                    or e.parent_id in (
                        select c.model_id
                        from lineage_closure as c
                        inner join dim_models as d on c.ancestor_id = d.model_id
                        where d.is_tracked
                    )
                )
        )

        select
            a.child_id, a.parent_id, a.relation, a.parent_status, a.in_cycle,
            s.downloads_own, s.descendants,
            count(*) over (partition by a.parent_id) as siblings
        from around as a
        left join model_descendants as s on a.child_id = s.model_id
        qualify
            row_number() over (
                partition by a.parent_id order by s.downloads_own desc nulls last, a.child_id
            ) <= {CHILDREN}
        order by s.downloads_own desc nulls last, a.child_id, a.parent_id
        limit {EDGES}
        """
    )
    names: dict[str, int] = {}
    relations: dict[str, int] = {}
    statuses: dict[str, int] = {}
    downloads: dict[int, Any] = {}
    siblings: dict[int, int] = {}
    edges = []
    for row in result.records:
        child = names.setdefault(row["child_id"], len(names))
        parent = names.setdefault(row["parent_id"], len(names))
        downloads[child] = row["downloads_own"]
        siblings[parent] = row["siblings"]
        edges.append(
            [
                child,
                parent,
                relations.setdefault(row["relation"], len(relations)),
                statuses.setdefault(row["parent_status"], len(statuses)),
            ]
        )
    return {
        "names": list(names),
        "relations": list(relations),
        "statuses": list(statuses),
        "downloads": [downloads.get(number) for number in range(len(names))],
        "children": siblings,
        "edges": edges,
        "query": result.query,
    }
