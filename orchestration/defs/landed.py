"""Over the network to data/: one asset a live source, partitioned by day where it has days.

None holds the warehouse's lock. What lands is loaded, built and published by a run of its own
(orchestration/defs/automation.py) or by the jobs `live` and `backfill`."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from extract.errors import HubtideError
from extract.fetching import Fetched
from extract.home import Home
from extract.live import DATED, DISCOVERY_REQUESTS, LIVE, fetch_days, is_synthetic
from extract.loading import guard_landing
from extract.sources import hub_stats, hub_stats_snapshots, tracked_models
from orchestration.costs import measured
from orchestration.dbt import OWNERS
from orchestration.defs.deadlines import landed_deadline
from orchestration.impact import advice_on
from orchestration.live import ask_for
from orchestration.progress import Bar
from orchestration.runs import mark_run
from orchestration.sources import SOURCES, Source

LOG = logging.getLogger("hubtide")

CHECK = "everything_was_read"

DO_READ = (
    "materialize the partition again while its day is open: what has landed is kept. If the "
    "service refuses, see the token and its rights; what stays missing, coverage_daily says"
)

# What is read every day. Snapshots of the whole Hub have more than a gigabyte each: whoever wants
# one asks for it.
DAILY = tuple(name for name in LIVE if name != hub_stats.SOURCE)


# A copy of somebody else's files has no days.
PARTITIONED = tuple(name for name in LIVE if name != tracked_models.SOURCE)

# A day's partition is there while the day runs: what is read after 13:00 UTC belongs to that day.
# The first day is that of the oldest snapshot of the Hub.
DAYS = dg.DailyPartitionsDefinition(start_date=str(hub_stats_snapshots.FIRST_DAY), end_offset=1)

# The pinned Dagster says on the terminal that policies are beta, and which one it takes for a job
# whose assets have several: one run a day, which is right.
warnings.filterwarnings("ignore", message=".*backfill_policy", category=dg.BetaWarning)
warnings.filterwarnings("ignore", message="Asset job .* varying BackfillPolicies")

# Days that can be asked for are fetched in one run, however many; a day that is over at a source
# that only knows now fails alone.
DATED_BACKFILL = dg.BackfillPolicy.single_run()
UNDATED_BACKFILL = dg.BackfillPolicy.multi_run()


class Fetch(dg.Config):
    """What to ask a service for; the days are the run's partitions, none: the open day.

    `retries`: so often is what failed for a passing reason asked for again, after `retry_seconds`,
    then twice as many, and so on. (Each request is tried several times anyway.) `go_on`: what could
    not be read fails the asset's check alone, and what is downstream of it is built without.
    """

    every: int = 1
    keep: str = "original"
    whole_hub: bool = False
    max_requests: int | None = None
    discovery_requests: int = DISCOVERY_REQUESTS
    retries: int = 0
    retry_seconds: int = 300
    go_on: bool = False


def summary(source: str, results: Sequence[Fetched]) -> str:
    """One line on what a source's fetch did."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.status] = counts.get(result.status, 0) + 1
    said = ", ".join(f"{number} {status}" for status, number in counts.items()) or "nothing to do"
    requests = sum(result.requests for result in results)
    rows = sum(result.rows for result in results if result.status == "landed")
    return f"{source}: {said}; {requests} requests, {rows:,} records"


def problems(results: Sequence[Fetched]) -> list[str]:
    """One line a kind of failure, with how many more of it there were."""
    lines: dict[str, int] = {}
    for result in results:
        if result.status == "failed":
            lines[result.note] = lines.get(result.note, 0) + 1
    return [line if number == 1 else f"{line} ({number} times)" for line, number in lines.items()]


def skipped(results: Sequence[Fetched]) -> list[str]:
    """What was skipped and why, one line, with how many more there are."""
    notes = [result.note for result in results if result.status == "skipped"]
    return notes if len(notes) < 3 else [f"{notes[0]} (and {len(notes) - 1} more)"]


def _table(results: Sequence[Fetched]) -> dg.MetadataValue:
    lines = ["| partition | status | requests | records | note |", "|" + "---|" * 5]
    lines += [
        f"| {r.partition} | {r.status} | {r.requests} | {r.rows} | {escaped(r.note)} |"
        for r in results[-100:]
    ]
    return dg.MetadataValue.md("\n".join(lines))


def escaped(text: str) -> str:
    """Text from outside inside a Markdown table."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def landed_asset(source: Source) -> dg.AssetsDefinition:
    """The asset that fetches one source. What has landed stays, also where the rest fails."""
    key = dg.AssetKey(["landed", source.name])
    has_days = source.name in PARTITIONED

    @dg.asset(
        key=key,
        partitions_def=DAYS if has_days else None,
        backfill_policy=_backfill_policy(source.name) if has_days else None,
        freshness_policy=landed_deadline() if source.name in DAILY else None,
        group_name="landed",
        owners=OWNERS,
        kinds={"python"},
        description=f"{source.description} Read over the network and landed in data/.",
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=key,
                blocking=False,
                description="Everything that was asked for has landed. What has not is missing in "
                "the marts, and coverage_daily says so; run the asset again to go on.",
            )
        ],
        op_tags={"service": source.title},
    )
    def landed(
        context: dg.AssetExecutionContext, config: Fetch
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult | dg.AssetObservation]:
        home = Home.from_env()
        mark_run(context)
        try:
            synthetic = is_synthetic([source.name])
            guard_landing(home, synthetic)
            with measured(context.run.run_id, f"fetch {source.name}") as cost, Bar(LOG.info) as bar:
                results = fetch_days(
                    source.name,
                    _days(context),
                    ask_for(config.model_dump(), home),
                    home,
                    synthetic,
                    bar.say,
                    bar.step,
                )
                cost.rows_out = sum(r.rows for r in results if r.status == "landed")
        except HubtideError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if any(result.is_transient for result in results):
            _try_later(context, config, results)
        LOG.info("%s", summary(source.name, results))
        failures = problems(results)
        for line in failures:
            LOG.warning("not read: %s", line)
        for line in skipped(results):
            LOG.info("skipped: %s", line)
        yield dg.AssetCheckResult(
            check_name=CHECK,
            passed=not failures,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "problems": "\n".join(failures) or "none",
                **(advice_on([source.name], DO_READ) if failures else {}),
            },
        )
        if failures and not config.go_on:
            if any(result.status == "landed" for result in results):
                # The step fails, so nothing else tells the sensor on_arrival of what there is.
                yield dg.AssetObservation(key, description="landed in part")
            raise dg.Failure(_not_all_read(source.name, results, failures), allow_retries=False)
        yield dg.MaterializeResult(
            metadata={
                "partitions": len(results),
                "requests": sum(result.requests for result in results),
                "records": cost.rows_out,
                "failed": sum(result.status == "failed" for result in results),
                **cost.metadata(),
                "results": _table(results),
            }
        )

    return landed


def _backfill_policy(source: str) -> dg.BackfillPolicy:
    return DATED_BACKFILL if source in DATED else UNDATED_BACKFILL


def _days(context: dg.AssetExecutionContext) -> list[date]:
    """The days of the run's partitions; none where it has no partition."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return []
    return [date.fromisoformat(key) for key in context.partition_keys]


def _not_all_read(source: str, results: Sequence[Fetched], failures: Sequence[str]) -> str:
    failed = [result for result in results if result.status == "failed"]
    remedy = (
        ""
        if all(result.is_final for result in failed)
        else "; materialize the partition again to go on"
    )
    return (
        f"{source}: {len(failed)} of {len(results)} parts could not be read: {failures[0]}. What "
        f"has landed is kept{remedy}"
    )


def _try_later(
    context: dg.AssetExecutionContext, config: Fetch, results: Sequence[Fetched]
) -> None:
    """Ask Dagster to run this step again, as long as the configuration allows it."""
    if context.retry_number >= config.retries:
        return
    wait = config.retry_seconds * 2**context.retry_number
    for line in problems(results):
        LOG.warning("not read: %s; trying again in %d s", line, wait)
    raise dg.RetryRequested(max_retries=config.retries, seconds_to_wait=wait)


ASSETS = [landed_asset(source) for source in SOURCES if source.name in LIVE]
