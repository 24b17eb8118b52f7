"""Checks on what has been loaded: volume, gaps, new columns, and dbt's source freshness.

They warn and block nothing: what blocks is the contract at the door, the ledger's identities and
dbt's tests. Each says which marts are unsafe and what to do.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from extract.home import Home, utc_now
from extract.live import DATED
from extract.warehouse import connect
from orchestration import ledger
from orchestration.dbt import OfflineDbtCli, read_json
from orchestration.engine import DUCKDB, WRITER_POOL
from orchestration.environment import dbt_target
from orchestration.impact import advice, marts_of
from orchestration.manifest import said_by_dbt
from orchestration.sources import SOURCES

VOLUME, GAPS, COLUMNS, FRESH = "usual_volume", "no_gaps", "no_new_columns", "is_fresh"

# Days before the newest one that its volume is compared with, and how far it may be from their
# median: organisations come and go, but not half of them in a day.
VOLUME_DAYS, VOLUME_LEAST, VOLUME_MOST = 7, 0.5, 2.0

# Gaps are looked for in so many days: an older one has been seen, and stays in coverage_daily.
GAP_DAYS = 30

# A new column is news for so long.
NEWS_DAYS = 7

# Sources that are read day by day.
DAILY = ("hub_api", "hub_stats", "modelscope", "openrouter")

DO_GAPS = {
    True: "materialize these days' partitions of landed/{source}; then the build follows",
    False: "nothing can bring these days back: they are interpolated. If it goes on, see why the "
    "fetch does not run",
}
DO_VOLUME = (
    "look at the newest partition of landed/{source}: are all organisations there? If the source "
    "lost them, fetch the day again while it is open; if it is right, nothing is to do"
)
DO_COLUMNS = (
    "the columns are in the landed files and nowhere else; if they carry something that is wanted, "
    "add them to the loader, and `python -m extract rebuild` reads all of history again"
)
DO_FRESH = (
    "run the job `fetch` (or `make live`); if it has run, see its check everything_was_read for "
    "what the source answered"
)


def first_table(source: str) -> str:
    """The table that carries a source's checks."""
    return next(next(iter(entry.tables)) for entry in SOURCES if entry.name == source)


def _spec(source: str, name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name, asset=["raw", first_table(source)], description=description, blocking=False
    )


def _result(
    source: str,
    name: str,
    found: str | None,
    what_to_do: str,
    manifest: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=["raw", first_table(source)],
        passed=found is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            **(metadata or {}),
            **(
                {"found": found, **advice(marts_of([source], manifest), what_to_do)}
                if found
                else {}
            ),
        },
    )


def ledger_checks(manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition:
    """Volume, gaps and new columns, from the load ledger: milliseconds, so part of each build."""
    specs = [
        *(
            _spec(source, VOLUME, f"As many models as on the {VOLUME_DAYS} days before, within "
                  f"{VOLUME_LEAST:g} to {VOLUME_MOST:g} times their median.")
            for source in DAILY
        ),
        *(_spec(source, GAPS, f"Each of the last {GAP_DAYS} days was read.") for source in DAILY),
        *(
            _spec(source.name, COLUMNS, f"No column in the last {NEWS_DAYS} days that the loader "
                  "does not know.")
            for source in SOURCES
        ),
    ]  # fmt: skip

    @dg.multi_asset_check(name="ledger_checks", specs=specs, pool=WRITER_POOL)
    def check() -> Iterator[dg.AssetCheckResult]:
        with connect(Home.from_env().warehouse, read_only=True) as connection:
            volumes = ledger.volumes(connection, VOLUME_DAYS)
            gaps = ledger.gaps(connection, GAP_DAYS)
            columns = ledger.new_columns(connection, utc_now(), NEWS_DAYS)
        for source in DAILY:
            volume = volumes.get(source)
            yield _result(
                source,
                VOLUME,
                volume.problem(VOLUME_LEAST, VOLUME_MOST) if volume else None,
                DO_VOLUME.format(source=source),
                manifest,
                {"models read": volume.models, "usual": volume.usual} if volume else None,
            )
            missing = gaps.get(source, [])
            found = f"not read: {', '.join(missing)}" if missing else None
            do = DO_GAPS[source in DATED].format(source=source)
            yield _result(source, GAPS, found, do, manifest, {"days missing": len(missing)})
        for entry in SOURCES:
            new = columns.get(entry.name, [])
            found = f"new columns: {', '.join(new)}" if new else None
            yield _result(entry.name, COLUMNS, found, DO_COLUMNS, manifest)

    return check


def freshness_checks(manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition:
    """dbt's source freshness on the load ledger, as checks."""
    watched = {
        unique_id.rsplit(".", 1)[-1]: unique_id
        for unique_id, node in manifest["sources"].items()
        if (node["config"].get("freshness") or {}).get("warn_after", {}).get("count")
    }
    sources = [entry.name for entry in SOURCES if first_table(entry.name) in watched]
    specs = [
        _spec(source, FRESH, "dbt source freshness: the last load is not too long ago.")
        for source in sources
    ]

    @dg.multi_asset_check(name="source_freshness", specs=specs, pool=WRITER_POOL)
    def check(dbt: OfflineDbtCli) -> Iterator[Any]:
        report = dbt_target() / "sources.json"
        report.unlink(missing_ok=True)
        invocation = dbt.cli(
            # The ledger is in the warehouse, wherever the models are built.
            ["source", "freshness", "--target", DUCKDB],
            target_path=dbt_target(),
            raise_on_error=False,
        ).wait()
        if not report.exists():
            raise dg.Failure(
                "dbt source freshness gave no report: "
                + said_by_dbt(str(invocation.get_error() or "see dbt.log"))
            )
        results = {entry["unique_id"]: entry for entry in read_json(report)["results"]}
        for source in sources:
            yield freshness_result(source, results[watched[first_table(source)]], manifest)

    return check


def freshness_result(
    source: str, entry: Mapping[str, Any], manifest: Mapping[str, Any]
) -> dg.AssetCheckResult:
    """One source's result of `dbt source freshness` as a check.

    A source that was never loaded is not in use, which is nobody's failure.
    """
    age = float(entry.get("max_loaded_at_time_ago_in_s") or 0)
    never = not age or str(entry.get("max_loaded_at", "")).startswith("0001-01-01")
    stale = not never and entry["status"] != "pass"
    found = f"last loaded {age / 3600:.0f} hours ago ({entry['status']})" if stale else None
    loaded = "never: not in use" if never else str(entry["max_loaded_at"])
    return _result(source, FRESH, found, DO_FRESH, manifest, {"last loaded": loaded})
