"""The headline tables: read from the published copy alone, formatted for a terminal."""

from collections.abc import Callable
from pathlib import Path

from hubtide.marts import DATABASE, Marts, Record, open_marts
from hubtide.text import Table, banner_lines, format_table, printable, share

TOP = 10


def headline(folder: Path) -> str:
    """The headline text of a published build's folder."""
    with open_marts(folder / DATABASE) as marts:
        return headline_text(marts)


def headline_text(marts: Marts) -> str:
    """The headline text of a published file."""
    return render(
        marts.about, tables(marts), _coverage(marts), marts.citation("inference_region_monthly")
    )


def tables(marts: Marts) -> list[Table]:
    """The headline tables that this build has rows for."""
    return [table for table in (read(marts) for read in _READERS) if table]


def as_records(marts: Marts) -> list[Record]:
    """The headline tables for machines: title, headers and rows of each."""
    return [
        {
            "title": table.title,
            "headers": [header.rstrip(">") for header in table.headers],
            "rows": [list(row) for row in table.rows],
        }
        for table in tables(marts)
    ]


def build_line(about: Record) -> str:
    """What every quoted figure must name."""
    return f"Build {about['build_id']}, {about['data_kind']} data, as of {about['as_of']}."


def render(about: Record, tables: list[Table], coverage: list[str], citation: str = "") -> str:
    """All parts as one text; synthetic data is named as such before and after it."""
    banner = [banner_lines()] if about["data_kind"] == "synthetic" else []
    parts = [*banner, build_line(about), *(format_table(table) for table in tables)]
    if coverage:
        parts.append("Coverage\n" + "\n".join(f"  {printable(line)}" for line in coverage))
    if citation:
        parts.append(citation)
    return "\n\n".join([*parts, *banner])


def telling_horizon(sizes: dict[int, int]) -> int | None:
    """The horizon to show: the one at which most sizes have scores, and of several the longest.

    `sizes` maps a horizon in days to the number of size buckets with a score at it. A longer
    horizon says more about adoption, but of no use where only one size has leaders that old.
    """
    scored = {horizon: buckets for horizon, buckets in sizes.items() if buckets > 0}
    return max(scored, key=lambda horizon: (scored[horizon], horizon)) if scored else None


def _group_table(title: str, mart: str, key: str) -> Callable[[Marts], Table | None]:
    """Reader of a monthly mart's last month, groups by cumulative downloads."""

    def read(marts: Marts) -> Table | None:
        if not marts.has(mart):
            return None
        records = marts.records(
            f"""
            select
                population, {key} as name, cumulative_downloads, cumulative_share,
                (select as_of from marts.about) as as_of
            from marts.{mart}
            where
                population = (select max(population) from marts.{mart})
                and month = (select max(month) from marts.{mart})
            order by cumulative_downloads desc nulls last, name
            limit {TOP}
            """,
        )
        if not records:
            return None
        first = records[0]
        return Table(
            f"{title}: cumulative downloads, {first['population']} models, as of {first['as_of']}",
            (key, "downloads>", "share>"),
            [(r["name"], r["cumulative_downloads"], share(r["cumulative_share"])) for r in records],
        )

    return read


def _adoption_table(marts: Marts) -> Table | None:
    if not marts.has("relative_adoption"):
        return None
    counts = marts.records(
        """
        select horizon_days, count(distinct size_bucket) as sizes
        from marts.relative_adoption
        where ram_median is not null and not is_wide_gap
        group by horizon_days
        """
    )
    horizon = telling_horizon({row["horizon_days"]: row["sizes"] for row in counts})
    if horizon is None:
        return None
    rows = marts.records(
        f"""
        select
            model_id, size_bucket, ram_median, reference_median_models, in_reference,
            cumulative_downloads, reference_as_of
        from marts.relative_adoption
        where horizon_days = ? and ram_median is not null and not is_wide_gap
        order by ram_median desc, model_id
        limit {TOP}
        """,
        [horizon],
    )
    return Table(
        f"Relative adoption (ram_median), tracked models {horizon} days after release "
        "(the longest horizon with scores in most sizes)\n"
        "1.00 is level with the models that are leaders of their size as of "
        f"{rows[0]['reference_as_of']}, of whom there are ten",
        ("model_id", "size", "ram_median>", "leaders known>", "is leader", "downloads>"),
        [tuple(row.values())[:-1] for row in rows],
    )


def _tokens_table(marts: Marts) -> Table | None:
    mart = "inference_region_monthly"
    if not marts.has(mart):
        return None
    records = marts.records(
        f"""
        select
            month, region, tokens, share, share_of_matched,
            max(days_present) over () as days
        from marts.{mart}
        where month = (select max(month) from marts.{mart})
        order by tokens desc, region
        """,
    )
    if not records:
        return None
    return Table(
        f"Tokens on OpenRouter by region, {records[0]['month']:%Y-%m}, {records[0]['days']} days "
        "(each provider's own tokenizer: shares between vendors are approximate)",
        ("region", "tokens>", "share>", "of matched>"),
        [
            (r["region"], int(r["tokens"]), share(r["share"]), share(r["share_of_matched"]))
            for r in records
        ],
    )


def _coverage(marts: Marts) -> list[str]:
    about = marts.about
    lines = [*_days_read(marts), *_counted(about)]
    if about.get("listed_models"):
        lines.append(
            f"the ATOM list: {about['listed_models_covered']:,} of {about['listed_models']:,} "
            "listed models have a counter here"
        )
    return lines


def _days_read(marts: Marts) -> list[str]:
    if not marts.has("coverage_daily"):
        return []
    # Organisations and bases are read one by one: a line for all of them.
    rows = marts.records(
        """
        with grouped as (
            select
                *,
                case
                    when starts_with(scope, 'base:') then 'bases of derivatives'
                    when source = 'modelscope' or (source = 'hub_api' and scope <> 'hub')
                        then 'organisations'
                    else scope
                end as what,
            from marts.coverage_daily
        )

        select
            source,
            case when what = scope then what else count(distinct scope) || ' ' || what end as scope,
            status,
            count(distinct day) as days,
            min(day) as first,
            max(day) as last,
        from grouped
        group by source, what, what = scope, status
        order by source, what, status
        """
    )
    return [
        f"{row['source']}, {row['scope']}: {row['days']:,} day{'' if row['days'] == 1 else 's'} "
        f"{row['status']}, {row['first']} to {row['last']}"
        for row in rows
    ]


def _counted(about: Record) -> list[str]:
    """How much of the tracked models the cumulative tables are of."""
    if "tracked_models" not in about:
        return []
    missed = about["uncounted_downloads_share"]
    others = (
        f"; the others had {missed:.1%} of the last known 30 days' downloads"
        if missed >= 0.001
        else ""
    )
    return [
        f"tracked models: {about['tracked_models_counted']:,} of {about['tracked_models']:,} have "
        f"an all-time counter{others if missed >= 0.001 else ''}"
    ]


_READERS: tuple[Callable[[Marts], Table | None], ...] = (
    _group_table("Regions", "region_downloads_monthly", "region"),
    _group_table("Organisations", "org_downloads_monthly", "org"),
    _group_table("Sizes", "bucket_downloads_monthly", "size_bucket"),
    _adoption_table,
    _tokens_table,
)
