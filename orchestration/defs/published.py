"""The last assets: the marts as people and BI tools read them, and the dashboard beside them."""

import logging
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb

from dashboard.site import build as build_site
from extract.home import Home
from orchestration.builds import project_commit, seeds_digest
from orchestration.costs import take
from orchestration.dbt import OWNERS
from orchestration.defs.deadlines import published_deadline
from orchestration.describing import describe
from orchestration.engine import marts_database, models_pool
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT, dbt_target
from orchestration.publishing import (
    DASHBOARD,
    DATABASE,
    NotAuditedError,
    current_build,
    publish,
    require_audit,
)
from orchestration.runs import mark_run

LOG = logging.getLogger("hubtide")


def headline_shares(database: Path) -> dict[str, float]:
    """Shares of the newest complete month, for a plot of builds: downloads and tokens by region."""
    shares: dict[str, float] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for label, column, table, condition in (
            ("downloads", "cumulative_share", "region_downloads_monthly",
             "population = 'tracked' and is_complete_month"),
            ("tokens", "share", "inference_region_monthly", "true"),
        ):  # fmt: skip
            rows = connection.execute(
                f"""
                select region, {column}
                from {table}
                where {condition} and {column} is not null
                qualify month = max(month) over ()
                order by region
                """
            ).fetchall()
            shares |= {f"share of {label}, {region}": float(share) for region, share in rows}
    return shares


def published_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Publishing, after all of `marts`: it does not run where one of their checks blocks.

    Two assets of one step: the dashboard is written into the build's folder before that has its
    name, so that no reader finds figures of one build beside a dashboard of another.
    """
    current = dg.AssetKey(["exports", "current"])
    site = dg.AssetKey(["exports", DASHBOARD])

    @dg.multi_asset(
        name="exports__current",
        specs=[
            dg.AssetSpec(
                current,
                deps=marts,
                group_name="exports",
                owners=OWNERS,
                kinds={"duckdb", "parquet"},
                freshness_policy=published_deadline(),
                description="An immutable copy of the marts in exports/builds/<build_id>/, made "
                "current.",
            ),
            dg.AssetSpec(
                site,
                deps=[current],
                group_name="exports",
                owners=OWNERS,
                kinds={"html"},
                freshness_policy=published_deadline(),
                description="The dashboard in the build's folder: pages that open without a "
                "server, made from the published copy alone.",
            ),
        ],
        pool=models_pool(),
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        home = Home.from_env()
        mark_run(context)
        try:
            require_audit(marts_database(home), home.exports)
        except NotAuditedError as error:
            raise dg.Failure(str(error)) from None
        started = time.monotonic()
        before = current_build(home.exports)
        build = publish(
            marts_database(home),
            home.exports,
            commit=project_commit(PROJECT_ROOT),
            seeds_sha256=seeds_digest(DBT_PROJECT_DIR / "seeds"),
            steps=take(context.run.run_id),
            describe=partial(describe, dbt_manifest=dbt_target() / "manifest.json"),
            site=partial(build_site, earlier=before / DASHBOARD if before else None),
        )
        LOG.info("published %s: %d tables", build.build_id, len(build.tables))
        files = [path for path in build.folder.iterdir() if path.is_file()]
        yield dg.MaterializeResult(
            asset_key=current,
            metadata={
                "build_id": build.build_id,
                "tables": len(build.tables),
                "rows": sum(build.tables.values()),
                "bytes": sum(path.stat().st_size for path in files),
                "seconds": round(time.monotonic() - started, 2),
                **headline_shares(build.folder / DATABASE),
            },
        )
        index = build.folder / DASHBOARD / "index.html"
        pages = [path for path in index.parent.rglob("*") if path.is_file()]
        yield dg.MaterializeResult(
            asset_key=site,
            metadata={
                "build_id": build.build_id,
                "path": dg.MetadataValue.path(str(index)),
                "files": len(pages),
                "bytes": sum(path.stat().st_size for path in pages),
            },
        )

    return published
