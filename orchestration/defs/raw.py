"""From landed files and import folders to schema raw: one multi-asset a source, then the ledger."""

import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from extract.errors import HubtideError, LoadFailedError
from extract.home import Home
from extract.live import LIVE
from extract.loading import SUPERSEDES, LoadResult, load_landed, load_source
from extract.published_builds import note_builds
from extract.rules import MAX_REJECTED_SHARE
from extract.warehouse import connect
from orchestration.costs import measured
from orchestration.dbt import OWNERS
from orchestration.engine import WRITER_POOL, hand_over_raw
from orchestration.impact import advice_on
from orchestration.ledger import accounting_gaps, has_loads, reject_share, row_counts
from orchestration.progress import Bar
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


def _load(source: Source, directory: Path | None, home: Home) -> list[LoadResult]:
    """Load a folder's part, if there is a folder, and what has landed of the source besides.

    A folder is the user's: a partition of it that fails is an error. Of what has landed from the
    network one organisation's bad day must not cost the others theirs: it is a failed result.
    """
    results: list[LoadResult] = []
    with Bar(LOG.info) as bar:
        try:
            if directory is not None:
                results += load_source(source.name, directory, home, step=bar.step)
        except HubtideError as error:
            raise dg.Failure(str(error)) from error
        try:
            results += load_landed(source.name, home, step=bar.step)
        except LoadFailedError as error:
            results += error.results
        except HubtideError as error:
            raise dg.Failure(str(error)) from error
    return results


def summary(source: str, results: list[LoadResult]) -> str:
    """One line on what a source's load did."""
    if not results:
        return f"{source}: nothing to load"
    by_status = {
        status: [result for result in results if result.status == status]
        for status in ("loaded", "unchanged", "failed")
    }
    read = sum(result.rows_read for result in by_status["loaded"])
    stored = sum(result.rows_stored for result in by_status["loaded"])
    rejected = sum(result.rows_rejected for result in by_status["loaded"])
    failed = f", {len(by_status['failed'])} failed" if by_status["failed"] else ""
    superseding = sum(SUPERSEDES in result.note for result in by_status["loaded"])
    replaced = f" ({superseding} in place of what they held before)" if superseding else ""
    return (
        f"{source}: {len(by_status['loaded'])} partitions loaded{replaced}, "
        f"{len(by_status['unchanged'])} already there{failed}; "
        f"{read:,} rows read, {stored:,} stored, {rejected:,} rejected"
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
    def load(
        context: dg.AssetExecutionContext, config: ImportFolder
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home = Home.from_env()
        mark_run(context)
        default = home.imports if home.imports.is_dir() else None
        with measured(context.run.run_id, f"load {source.name}") as cost:
            results = _load(source, Path(config.directory) if config.directory else default, home)
            cost.rows_in = sum(result.rows_read for result in results)
            cost.rows_out = sum(result.rows_stored for result in results)
        LOG.info("%s", summary(source.name, results))
        failures = [result.note for result in results if result.status == "failed"]
        for line in failures:
            LOG.warning("not loaded: %s", line)
        yield dg.AssetCheckResult(
            check_name=CHECK,
            asset_key=["raw", first],
            passed=not failures,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "problems": "\n".join(failures) or "none",
                **(advice_on([source.name], DO_LOAD) if failures else {}),
            },
        )
        counts = row_counts(home.warehouse, source.tables)
        for table in source.tables:
            yield dg.MaterializeResult(
                asset_key=["raw", table],
                metadata={
                    "dagster/row_count": counts[table],
                    "partitions": len(results),
                    "rows_read": cost.rows_in,
                    "rows_stored": cost.rows_out,
                    **cost.metadata(),
                    "rows_rejected": sum(result.rows_rejected for result in results),
                    "loads": _partitions_table(results),
                },
            )

    return load


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
