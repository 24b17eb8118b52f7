"""Over the network to data/: one asset a live source. None holds the warehouse's lock."""

import logging
from collections.abc import Iterator, Sequence

import dagster as dg

from extract.errors import HubtideError
from extract.fetching import Fetched
from extract.home import Home
from extract.live import DISCOVERY_REQUESTS, LIVE, is_synthetic
from extract.loading import guard_landing
from extract.sources import hub_stats
from orchestration.dbt import OWNERS
from orchestration.live import ask_for
from orchestration.progress import Bar
from orchestration.sources import SOURCES, Source

LOG = logging.getLogger("hubtide")

CHECK = "everything_was_read"


class Fetch(dg.Config):
    """What to ask a service for. Dates are YYYY-MM-DD; empty: the open day.

    `snapshots`: dated snapshots of the whole Hub are fetched only where they are asked for, since
    a file has more than a gigabyte.
    """

    since: str = ""
    until: str = ""
    every: int = 1
    keep: str = "original"
    snapshots: bool = False
    whole_hub: bool = False
    max_requests: int | None = None
    discovery_requests: int = DISCOVERY_REQUESTS


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
    """The asset that fetches one source. A failure of the service fails its check, not the run."""
    key = dg.AssetKey(["landed", source.name])

    @dg.asset(
        key=key,
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
    def landed(config: Fetch) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home = Home.from_env()
        if source.name == hub_stats.SOURCE and not (config.snapshots or config.since):
            results = [Fetched(source.name, "", "skipped", note="hub_stats: not asked for")]
        else:
            try:
                synthetic = is_synthetic([source.name])
                guard_landing(home, synthetic)
                with Bar(LOG.info) as bar:
                    results = LIVE[source.name].fetch(
                        ask_for(config.model_dump(), home), home, synthetic, bar.say, bar.step
                    )
            except HubtideError as error:
                raise dg.Failure(str(error)) from None
        LOG.info("%s", summary(source.name, results))
        failures = problems(results)
        for line in failures:
            LOG.warning("not read: %s", line)
        for line in skipped(results):
            LOG.info("skipped: %s", line)
        yield dg.MaterializeResult(
            metadata={
                "partitions": len(results),
                "requests": sum(result.requests for result in results),
                "records": sum(result.rows for result in results if result.status == "landed"),
                "results": _table(results),
            }
        )
        yield dg.AssetCheckResult(
            check_name=CHECK,
            passed=not failures,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"problems": "\n".join(failures) or "none"},
        )

    return landed


ASSETS = [landed_asset(source) for source in SOURCES if source.name in LIVE]
