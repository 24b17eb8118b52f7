"""Every dbt seed and model as an asset, every dbt test as an asset check."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtProject, dbt_assets
from dagster_dbt.core.dbt_cli_invocation import DbtCliInvocation

from extract.home import Home
from extract.warehouse import connect
from orchestration import waiting_dbt
from orchestration.builds import new_build_id, project_commit
from orchestration.costs import ENGINE_COSTS, Step, keep, measured, of_models
from orchestration.dbt import (
    LayerTranslator,
    OfflineDbtCli,
    broken,
    build_arguments,
    first_failure,
    give,
    read_json,
)
from orchestration.defs.deadlines import published_deadline
from orchestration.engine import DUCKDB, marts_database, models_pool, raw_files, target
from orchestration.environment import PROJECT_ROOT, dbt_target
from orchestration.impact import advice, marts_below
from orchestration.publishing import readers_keep, record_audit
from orchestration.runs import mark_run


class DbtRun(dg.Config):
    """How to run dbt."""

    full_refresh: bool = False


WHAT_TO_DO = (
    "run the check's SQL (compiled in .dbt/compiled) on the warehouse to see the rows; mend the "
    "source, the seed or the model, and run the job `build`. Readers keep the build before"
)


def _raise_first_failure(invocation: DbtCliInvocation, home: Home) -> None:
    results = invocation.target_path / "run_results.json"
    line = (
        first_failure(read_json(results), invocation.manifest, _readable(home))
        if results.exists()
        else None
    )
    line = line or f"dbt failed before its first model: see {results.parent.name}/dbt.log"
    raise dg.Failure(f"{line}; {readers_keep(home.exports)}", allow_retries=False)


def _found_broken(invocation: DbtCliInvocation, home: Home) -> dict[str, str]:
    """What each failing `grain` found broken, by the test's id."""
    results = invocation.target_path / "run_results.json"
    warehouse = _readable(home)
    if warehouse is None or not results.exists():
        return {}
    found = {
        result["unique_id"]: broken(
            warehouse, result, invocation.manifest["nodes"].get(result["unique_id"], {})
        )
        for result in read_json(results)["results"]
    }
    return {unique_id: text for unique_id, text in found.items() if text}


def _readable(home: Home) -> Path | None:
    """The file in which a failing test's query runs again; None where another engine has it."""
    return home.warehouse if target() == DUCKDB else None


def _advised(
    event: dg.AssetCheckResult, manifest: Mapping[str, Any], found: Mapping[str, str]
) -> dg.AssetCheckResult:
    """A failing test's result with what it found broken, the marts that it makes unsafe, and what
    to do."""
    if event.passed:
        return event
    metadata = event.metadata.get("unique_id")
    unique_id = str(metadata.value) if metadata else ""
    tested = manifest["nodes"].get(unique_id, {}).get("depends_on", {}).get("nodes", [])
    more = advice(marts_below(manifest, tested), WHAT_TO_DO)
    if unique_id in found:
        more["found"] = dg.MetadataValue.text(found[unique_id])
    return event._replace(metadata={**event.metadata, **more})


@dataclass(frozen=True)
class Table:
    """A table or view of the warehouse. `rows` is None for a view."""

    columns: list[tuple[str, str]]
    rows: int | None


def tables_of(warehouse: Path) -> dict[tuple[str, str], Table]:
    """What stands in the warehouse, by schema and name; columns are name and type."""
    if not warehouse.exists():
        return {}
    with connect(warehouse, read_only=True) as con:
        columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for schema, table, name, type_ in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append((name, type_))
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall()
        # In one query: of each of some 150 tables apart it takes ten times as long.
        counts = " union all ".join(
            f'select {number}, count(*) from "{schema}"."{table}"'
            for number, (schema, table) in enumerate(names)
        )
        rows = dict(con.execute(counts).fetchall()) if names else {}
    known = {name: rows[number] for number, name in enumerate(names)}
    return {name: Table(entries, known.get(name)) for name, entries in columns.items()}


def described(
    events: Iterable[dg.Output[Any]],
    manifest: Mapping[str, Any],
    tables: Mapping[tuple[str, str], Table],
    costs: Iterable[Step],
) -> Iterator[dg.Output[Any]]:
    """Results of models and seeds with their rows and columns, and what the engine measured."""
    by_step = {cost.step: cost for cost in costs}
    for event in events:
        unique_id = event.metadata.get("unique_id")
        node = manifest["nodes"].get(unique_id.value if unique_id else "", {})
        table = tables.get((node.get("schema", ""), node.get("alias", "")))
        cost = by_step.get(f"model {node.get('name')}")
        metadata: dict[str, Any] = {**event.metadata, **(cost.metadata() if cost else {})}
        if table:
            metadata["dagster/column_schema"] = _schema(table, node.get("columns", {}))
            if table.rows is not None:
                metadata["dagster/row_count"] = table.rows
        yield event.with_metadata(metadata)


def _schema(table: Table, documented: Mapping[str, Any]) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, type_, description=documented.get(name, {}).get("description"))
            for name, type_ in table.columns
        ]
    )


def dbt_models_assets(project: DbtProject) -> dg.AssetsDefinition:
    """All of the project's nodes in one dbt invocation: dbt's start costs more than most models."""

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=LayerTranslator(),
        pool=models_pool(),
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
        os.environ["HUBTIDE_RAW"] = str(raw_files(home))
        engine_costs = dbt_target() / ENGINE_COSTS
        os.environ["HUBTIDE_ENGINE_COSTS"] = str(engine_costs)
        # A result of an earlier run must not be taken for this one's.
        for result in (dbt_target() / "run_results.json", engine_costs):
            result.unlink(missing_ok=True)
        with measured(context.run.run_id, "dbt"):
            arguments = build_arguments(config.full_refresh)
            # One folder for all runs: its parse cache stays warm, and nothing piles up.
            target = dbt_target()
            waiting = waiting_dbt.take()
            invocation = (
                give(waiting, arguments, context, target)
                if waiting
                else dbt.cli(arguments, context=context, target_path=target, raise_on_error=False)
            )
            # All of them before the first is yielded: waiting for dbt here leaves both cores to it,
            # and only then is the file free to be read.
            events = list(invocation.stream())
        costs = of_models(engine_costs)
        keep(context.run.run_id, costs)
        yield from described(
            [event for event in events if isinstance(event, dg.Output)],
            invocation.manifest,
            tables_of(marts_database(home)),
            costs,
        )
        # Read only where something fails: a run that goes well has no use for it.
        found = {} if invocation.is_successful() else _found_broken(invocation, home)
        yield from (
            _advised(event, invocation.manifest, found)
            if isinstance(event, dg.AssetCheckResult)
            else event
            for event in events
            if not isinstance(event, dg.Output)
        )
        if not invocation.is_successful():
            _raise_first_failure(invocation, home)
        record_audit(marts_database(home), home.exports, build_id)

    deadline = published_deadline()
    return dbt_models.map_asset_specs(
        lambda spec: (
            spec.replace_attributes(freshness_policy=deadline)
            if spec.group_name == "marts"
            else spec
        )
    )
