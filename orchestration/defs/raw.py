"""From landed files and import folders to schema raw: one multi-asset a source, then the ledger."""

import logging
from collections.abc import Iterator

import dagster as dg

from extract.errors import HubtideError
from extract.home import Home
from extract.live import LIVE
from extract.loading import LoadResult
from extract.published_builds import note_builds
from extract.rules import MAX_REJECTED_SHARE
from extract.warehouse import connect
from orchestration.costs import keep
from orchestration.dbt import OWNERS
from orchestration.engine import WRITER_POOL, hand_over_raw
from orchestration.impact import advice_on
from orchestration.ledger import accounting_gaps, has_loads, reject_share, row_counts
from orchestration.loads import load
from orchestration.publishing import published_builds
from orchestration.runs import mark_run
from orchestration.sample import write_sample
from orchestration.sources import LEDGER_TABLES, SOURCES, Source

LOG = logging.getLogger("hubtide")

SAMPLE = dg.AssetKey("sample_snapshots")

CHECK = "every_partition_was_loaded"

DO_LOAD = (
    "the line says which rules were broken, and how often; raw.loads keeps the try. Fetch the "
    "partition again, or correct the file, and run the job `build`"
)
DO_SUM = (
    "rows of these partitions were lost or counted twice, which is a fault of the loader: run "
    "`python -m extract rebuild`, then the job `build`; if it stays, report it. Readers keep the "
    "build before"
)
DO_REJECTS = (
    "see raw.rejects for the records and their reasons: a source that has changed needs its loader "
    "changed, then `python -m extract rebuild`. Readers keep the build before"
)


class ImportFolder(dg.Config):
    """A folder of snapshots to land and load; empty: data/import of the home, if it is there.

    What has landed before, from the network or in a run that was killed, is loaded besides.
    """

    directory: str = ""


@dg.asset(
    key=SAMPLE,
    group_name="raw",
    owners=OWNERS,
    kinds={"python"},
    description="A synthetic import folder, the same at each run, for a warehouse of its own.",
)
def sample_snapshots() -> dg.MaterializeResult[None]:
    """Write the embedded sample to the home's import folder."""
    directory = Home.from_env().imports
    try:
        write_sample(directory)
    except HubtideError as error:
        raise dg.Failure(str(error)) from error
    files = [path for path in directory.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    LOG.info("sample: %d synthetic files, %.1f MB", len(files), size / 1e6)
    return dg.MaterializeResult(metadata={"files": len(files), "bytes": size})


def _raw_spec(table: str, description: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=["raw", table],
        deps=deps,
        description=description,
        group_name="raw",
        owners=OWNERS,
        kinds={"python", "duckdb", "table"},
    )


def _partitions_table(results: list[LoadResult]) -> dg.MetadataValue:
    """The last fifty partitions as a table: enough for a look, small enough for the event log."""
    lines = ["| partition | status | read | stored | unchanged | rejected |", "|" + "---|" * 6]
    lines += [
        f"| {r.partition} | {r.status} | {r.rows_read} | {r.rows_stored} | {r.rows_unchanged} "
        f"| {r.rows_rejected} |"
        for r in results[-50:]
    ]
    return dg.MetadataValue.md("\n".join(lines))


def source_assets(source: Source) -> dg.AssetsDefinition:
    """The multi-asset that loads one source."""
    upstream = [SAMPLE]
    if source.name in LIVE:
        upstream.append(dg.AssetKey(["landed", source.name]))
    first = next(iter(source.tables))

    @dg.multi_asset(
        name=source.name,
        specs=[_raw_spec(table, text, upstream) for table, text in source.tables.items()],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=["raw", first],
                blocking=False,
                description="No landed partition broke the contract at the door. One that did is "
                "missing in the marts, and raw.loads says why; fetch it again.",
            )
        ],
        pool=WRITER_POOL,
        description=source.description,
    )
    def load_assets(
        context: dg.AssetExecutionContext, config: ImportFolder
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home = Home.from_env()
        mark_run(context)
        try:
            loaded = load(source.name, config.directory, home)
        except HubtideError as error:
            raise dg.Failure(str(error)) from error
        keep(context.run.run_id, [loaded.cost])
        yield dg.AssetCheckResult(
            check_name=CHECK,
            asset_key=["raw", first],
            passed=not loaded.failures,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "problems": "\n".join(loaded.failures) or "none",
                **(advice_on([source.name], DO_LOAD) if loaded.failures else {}),
            },
        )
        counts = row_counts(home.warehouse, source.tables)
        for table in source.tables:
            yield dg.MaterializeResult(
                asset_key=["raw", table],
                metadata={
                    "dagster/row_count": counts[table],
                    "partitions": len(loaded.results),
                    "rows_read": loaded.cost.rows_in,
                    "rows_stored": loaded.cost.rows_out,
                    **loaded.cost.metadata(),
                    "rows_rejected": sum(result.rows_rejected for result in loaded.results),
                    "loads": _partitions_table(loaded.results),
                },
            )

    return load_assets


@dg.multi_asset(
    name="ledger",
    specs=[
        _raw_spec(
            table, text, [dg.AssetKey(["raw", t]) for source in SOURCES for t in source.tables]
        )
        for table, text in LEDGER_TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "every_record_is_accounted_for",
            asset=["raw", "loads"],
            blocking=True,
            description="rows read = stored + unchanged + rejected, for each loaded partition.",
        ),
        dg.AssetCheckSpec(
            "few_rejects",
            asset=["raw", "rejects"],
            blocking=True,
            description=(
                f"At most {MAX_REJECTED_SHARE:.0%} of the records of any source is rejected."
            ),
        ),
    ],
    pool=WRITER_POOL,
    description="The tables that every load writes, whichever its source.",
)
def ledger() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Report the ledger's row counts and hold it to its identities."""
    home = Home.from_env()
    warehouse = home.warehouse
    if warehouse.exists():
        # What was published, and what it cost: restatements and pipeline_costs are made of it.
        note_builds(home, published_builds(home.exports))
    counts = row_counts(warehouse, LEDGER_TABLES)
    for table in LEDGER_TABLES:
        yield dg.MaterializeResult(
            asset_key=["raw", table], metadata={"dagster/row_count": counts[table]}
        )
    with connect(warehouse, read_only=True) as connection:
        if not has_loads(connection):
            raise dg.Failure(
                "nothing has been loaded into this warehouse yet, so there is nothing to build"
            )
        gaps = accounting_gaps(connection)
        shares = reject_share(connection)
    yield _sum_result(gaps)
    yield _rejects_result(shares)
    rows = hand_over_raw(home)
    if rows is not None:
        LOG.info("raw: %s rows handed over to Spark as Parquet files", f"{rows:,}")


def _sum_result(gaps: list[str]) -> dg.AssetCheckResult:
    """`gaps`: source/partition of each load whose counts do not add up."""
    shown = ", ".join(gaps[:20]) or "none"
    sources = {gap.split("/", 1)[0] for gap in gaps}
    return dg.AssetCheckResult(
        check_name="every_record_is_accounted_for",
        asset_key=["raw", "loads"],
        passed=not gaps,
        metadata={
            "partitions that do not add up": shown,
            **({"found": f"{shown} do not add up", **advice_on(sources, DO_SUM)} if gaps else {}),
        },
    )


def _rejects_result(shares: dict[str, float]) -> dg.AssetCheckResult:
    """`shares`: of rejected records, by source."""
    over = {source: share for source, share in shares.items() if share > MAX_REJECTED_SHARE}
    found = ", ".join(f"{share:.1%} of {source}" for source, share in over.items())
    return dg.AssetCheckResult(
        check_name="few_rejects",
        asset_key=["raw", "rejects"],
        passed=not over,
        metadata={
            **{f"share rejected, {source}": share for source, share in shares.items()},
            **({"found": f"rejected: {found}", **advice_on(over, DO_REJECTS)} if over else {}),
        },
    )


ASSETS = [sample_snapshots, *(source_assets(source) for source in SOURCES), ledger]
