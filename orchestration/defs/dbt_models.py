"""Every dbt seed and model as an asset, every dbt test as an asset check."""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtProject, dbt_assets
from dagster_dbt.core.dbt_cli_invocation import DbtCliInvocation
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from extract.home import Home
from orchestration.builds import new_build_id, project_commit
from orchestration.costs import Step, keep, measured, of_models
from orchestration.dbt import (
    WRITER_POOL,
    LayerTranslator,
    OfflineDbtCli,
    build_arguments,
    first_failure,
    read_json,
)
from orchestration.defs.deadlines import published_deadline
from orchestration.environment import PROJECT_ROOT, dbt_target
from orchestration.impact import advice, marts_below
from orchestration.publishing import readers_keep, record_audit
from orchestration.runs import mark_run

LOG = logging.getLogger("hubtide")


class DbtRun(dg.Config):
    """How to run dbt."""

    full_refresh: bool = False


WHAT_TO_DO = (
    "run the check's SQL (compiled in .dbt/compiled) on the warehouse to see the rows; mend the "
    "source, the seed or the model, and run the job `build`. Readers keep the build before"
)


def _raise_first_failure(invocation: DbtCliInvocation, home: Home) -> None:
    results = invocation.target_path / "run_results.json"
    line = first_failure(read_json(results), invocation.manifest) if results.exists() else None
    line = line or f"dbt failed before its first model: see {results.parent.name}/dbt.log"
    raise dg.Failure(f"{line}; {readers_keep(home.exports)}", allow_retries=False)


def _advised(event: dg.AssetCheckResult, manifest: Mapping[str, Any]) -> dg.AssetCheckResult:
    """A failing test's result with the marts that it makes unsafe, and what to do."""
    if event.passed:
        return event
    unique_id = event.metadata.get("unique_id")
    node = manifest["nodes"].get(unique_id.value if unique_id else "", {})
    tested = node.get("depends_on", {}).get("nodes", [])
    more = advice(marts_below(manifest, tested), WHAT_TO_DO)
    return event._replace(metadata={**event.metadata, **more})


def _with_costs(events: Iterable[Any], costs: list[Step]) -> Iterator[Any]:
    """Results of models with what the engine measured of each, for the plots."""
    by_step = {cost.step: cost for cost in costs}
    for event in events:
        cost = by_step.get(f"model {event.output_name.rpartition('__')[2]}")
        yield event.with_metadata({**event.metadata, **cost.metadata()}) if cost else event


def _release_warehouse() -> None:
    """Close the file that counting rows has opened in this process.

    dbt-duckdb would keep it open as long as the process lives (profiles.yml, keep_open), and shut
    the next writer out.
    """
    try:
        DuckDBConnectionManager.env().close()  # type: ignore[no-untyped-call]
    except Exception:  # dbt-duckdb raises a bare Exception where nothing was opened
        LOG.debug("no connection of dbt to close")
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def dbt_models_assets(project: DbtProject) -> dg.AssetsDefinition:
    """All of the project's nodes in one dbt invocation: dbt's start costs more than most models."""

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=LayerTranslator(),
        pool=WRITER_POOL,
        name="dbt_models",
    )
    def dbt_models(
        context: dg.AssetExecutionContext, dbt: OfflineDbtCli, config: DbtRun
    ) -> Iterator[Any]:
        home = Home.from_env()
        mark_run(context)
        build_id = new_build_id(context.run.run_id)
        # marts.about reads these. As environment variables they make dbt parse that one model
        # again; as --vars they would make it parse everything.
        os.environ["HUBTIDE_BUILD_ID"] = build_id
        os.environ["HUBTIDE_COMMIT"] = project_commit(PROJECT_ROOT)
        engine_costs = dbt_target() / "engine_costs.parquet"
        os.environ["HUBTIDE_ENGINE_COSTS"] = str(engine_costs)
        # A result of an earlier run must not be taken for this one's.
        for result in (dbt_target() / "run_results.json", engine_costs):
            result.unlink(missing_ok=True)
        with measured(context.run.run_id, "dbt"):
            invocation = dbt.cli(
                build_arguments(config.full_refresh),
                context=context,
                # One folder for all runs: its parse cache stays warm, and nothing piles up.
                target_path=dbt_target(),
                raise_on_error=False,
            )
            # Rows can be counted only when dbt has given back the file. Waiting for that here
            # leaves both cores to dbt: dagster-dbt would spin until its first event is there. It
            # would also ask for the columns of each test, which has none.
            events = list(invocation.stream())
        costs = of_models(engine_costs)
        keep(context.run.run_id, costs)
        models = [event for event in events if isinstance(event, dg.Output)]
        enriched = DbtEventIterator(iter(models), invocation)
        try:
            # Lineage of columns would parse each model's SQL again, which takes longer than dbt
            # does, and fails on `using key`.
            counted = enriched.fetch_row_counts().fetch_column_metadata(with_column_lineage=False)
            yield from _with_costs(counted, costs)
        finally:
            _release_warehouse()
        yield from (
            _advised(event, invocation.manifest)
            if isinstance(event, dg.AssetCheckResult)
            else event
            for event in events
            if not isinstance(event, dg.Output)
        )
        if not invocation.is_successful():
            _raise_first_failure(invocation, home)
        record_audit(home.warehouse, home.exports, build_id)

    deadline = published_deadline()
    return dbt_models.map_asset_specs(
        lambda spec: (
            spec.replace_attributes(freshness_policy=deadline)
            if spec.group_name == "marts"
            else spec
        )
    )
