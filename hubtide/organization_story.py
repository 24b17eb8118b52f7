"""One organisation's story: downloads by month, sizes, models, releases and leads."""

from __future__ import annotations

from hubtide.marts import Marts, Record
from hubtide.text import Table, format_table, format_value, printable, share, sparkline

LISTED = 10
MONTHS = 12


def story(marts: Marts, org: str) -> Record:
    """All that the marts say of an organisation. Raises KeyError for an unknown one."""
    organization = marts.record("select * from dim_organizations where org = ?", [org])
    if organization is None:
        raise KeyError(org)
    return {
        "organization": organization,
        "months": _months(marts, org),
        "sizes": _sizes(marts, org),
        "models": marts.records(
            f"""
            select model_id, size_bucket, released_on, is_tracked, downloads_all_time, downloads_30d
            from dim_models
            where org = ?
            order by downloads_all_time desc nulls last, model_id
            limit {LISTED}
            """,
            [org],
        ),
        "uncounted": marts.record(
            """
            select
                count(*) as models,
                max_by(model_id, downloads_30d) as largest,
                max(downloads_30d) as downloads_30d
            from dim_models
            where org = ? and downloads_all_time is null
            """,
            [org],
        ),
        "releases": marts.records(
            """
            select
                month,
                cast(sum(releases) as bigint) as releases,
                cast(sum(repositories) as bigint) as repositories
            from releases_monthly
            where org = ?
            group by month
            order by month
            """,
            [org],
        ),
        "leads": marts.records(
            """
            select
                metric, population, first_month, last_month, months, mean_share,
                is_left_censored, is_right_censored
            from dominance_phases
            where leader_kind = 'org' and leader = ?
            order by metric, population, first_month
            """,
            [org],
        ),
    }


def text(story: Record) -> list[str]:
    """The story's parts as plain text, to be parted by blank lines."""
    parts = [
        _facts(story["organization"]),
        _months_text(story["months"]),
        _table(
            "Sizes: cumulative downloads, tracked models",
            ("size", "downloads>", "of that size>", "rank in month>"),
            [
                (
                    row["size_bucket"],
                    row["cumulative_downloads"],
                    share(row["cumulative_share_of_bucket"]),
                    row["rank"],
                )
                for row in story["sizes"]
            ],
        ),
        _table(
            f"Models, the {LISTED} with the highest all-time counter",
            ("model_id", "size", "released", "tracked", "downloads>", "30 days>"),
            [tuple(row.values()) for row in story["models"]],
        )
        + _uncounted_text(story["uncounted"]),
        _releases_text(story["releases"]),
        _table(
            "Leads",
            ("metric", "population", "from", "to", "months>", "mean share>"),
            [
                (
                    row["metric"],
                    row["population"],
                    f"{row['first_month']:%Y-%m}",
                    f"{row['last_month']:%Y-%m}",
                    row["months"],
                    share(row["mean_share"]),
                )
                for row in story["leads"]
            ],
        ),
    ]
    return [part for part in parts if part]


def _months(marts: Marts, org: str) -> list[Record]:
    return marts.records(
        """
        select
            month, downloads, share, rank, cumulative_downloads, cumulative_share, growth_yoy,
            models, models_carried, newly_covered, is_complete_month
        from org_downloads_monthly
        where org = ? and population = 'tracked'
        order by month
        """,
        [org],
    )


def _sizes(marts: Marts, org: str) -> list[Record]:
    return marts.records(
        """
        select
            month, size_bucket, cumulative_downloads, cumulative_share_of_bucket, downloads,
            share_of_bucket, rank
        from bucket_org_downloads_monthly
        where
            org = ?
            and population = 'tracked'
            and month = (select max(month) from bucket_org_downloads_monthly)
        order by cumulative_downloads desc nulls last, size_bucket
        """,
        [org],
    )


def _facts(organization: Record) -> str:
    name = organization["org_name"]
    title = organization["org"] + (f" ({name})" if name and name != organization["org"] else "")
    checked = organization["region_checked_on"]
    reason = organization["region_reason"] or "no reason is kept"
    lines = [
        f"  region       {organization['region']}: {reason}"
        + (f" (checked {checked})" if checked else ""),
        f"  tracked      {format_value(organization['is_tracked'])}",
        f"  models       {format_value(organization['models'])}, "
        f"{format_value(organization['downloads_all_time'])} downloads in all",
    ]
    return "\n".join(printable(line) for line in [title, *lines])


def _months_text(months: list[Record]) -> str:
    if not months:
        return "Downloads by month\n  no tracked model has a month"
    table = Table(
        f"Downloads by month, tracked models, {min(MONTHS, len(months))} of {len(months)} months",
        ("month", "downloads>", "share>", "rank>", "cumulative>", "share>", "complete"),
        [
            (
                f"{row['month']:%Y-%m}",
                row["downloads"],
                share(row["share"]),
                row["rank"],
                row["cumulative_downloads"],
                share(row["cumulative_share"]),
                row["is_complete_month"],
            )
            for row in months[-MONTHS:]
        ],
    )
    bars = sparkline([row["downloads"] for row in months if row["is_complete_month"]])
    return format_table(table) + (f"\n  complete months: {bars}" if bars else "")


def _releases_text(releases: list[Record]) -> str:
    if not releases:
        return ""
    count = sum(row["releases"] for row in releases)
    last = releases[-1]
    return (
        f"Releases\n  {count:,} in {len(releases)} months since {releases[0]['month']:%Y-%m}; "
        f"the last in {last['month']:%Y-%m}"
    )


def _uncounted_text(uncounted: Record) -> str:
    if not uncounted["models"]:
        return ""
    largest = (
        f"; the most downloaded in 30 days is {uncounted['largest']}, "
        f"{format_value(uncounted['downloads_30d'])}"
        if uncounted["largest"]
        else ""
    )
    count = f"{uncounted['models']:,} model{'s have' if uncounted['models'] > 1 else ' has'}"
    return "\n" + printable(f"  {count} no all-time counter{largest}")


def _table(title: str, headers: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    return format_table(Table(title, headers, rows)) if rows else ""
