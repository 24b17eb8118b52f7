"""The last asset: the marts as people and BI tools read them."""

import logging

import dagster as dg

from extract.home import Home
from orchestration.builds import project_commit, seeds_digest
from orchestration.dbt import OWNERS, WRITER_POOL
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT
from orchestration.publishing import publish

LOG = logging.getLogger("hubtide")


def published_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Publishing, after all of `marts`: it does not run where one of their checks blocks."""

    @dg.asset(
        key=["exports", "current"],
        deps=marts,
        group_name="exports",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
        description="An immutable copy of the marts in exports/builds/<build_id>/, made current.",
    )
    def published() -> dg.MaterializeResult[None]:
        home = Home.from_env()
        build = publish(
            home.warehouse,
            home.exports,
            commit=project_commit(PROJECT_ROOT),
            seeds_sha256=seeds_digest(DBT_PROJECT_DIR / "seeds"),
        )
        LOG.info("published %s: %d tables", build.build_id, len(build.tables))
        return dg.MaterializeResult(
            metadata={
                "build_id": build.build_id,
                "tables": len(build.tables),
                "rows": sum(build.tables.values()),
            }
        )

    return published
