"""Loading a source: by its asset, or by `make run` before its run, while dbt parses.

Dagster's run cannot begin before dbt has parsed the project, and the sample takes as long to load:
that is done in the meantime (`load_ahead`), and the run's assets take what came of it.
"""

import logging
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from extract.errors import LoadFailedError, PartitionBusyError, WarehouseLockedError
from extract.home import Home
from extract.loading import SUPERSEDES, LoadResult, load_landed, load_source
from orchestration.costs import Step, timed
from orchestration.progress import Bar
from orchestration.sources import SOURCES

LOG = logging.getLogger("hubtide")


@dataclass(frozen=True)
class Loaded:
    """What became of a source's partitions, and what it cost."""

    results: list[LoadResult]
    cost: Step

    @property
    def failures(self) -> list[str]:
        """The notes of the partitions that failed."""
        return [result.note for result in self.results if result.status == "failed"]


# By source and home: what was loaded ahead and is not taken yet, or why it could not be.
_ahead: dict[tuple[str, Home], Future[Loaded]] = {}


def load(source: str, directory: str, home: Home) -> Loaded:
    """Load a folder's part, if there is a folder, and what has landed of the source besides.

    `directory` is the folder of snapshots; empty: data/import of the home, if it is there. What was
    loaded ahead of the run is taken, once, and not loaded again.

    Raises:
        HubtideError: a partition of the folder failed, which is the user's; or nothing could be
            read or written. Of what has landed from the network one organisation's bad day must
            not cost the others theirs: it is a failed result.
    """
    ahead = None if directory else _ahead.pop((source, home), None)
    return ahead.result() if ahead else _load(source, directory, home)


def load_ahead(home: Home) -> float:
    """Load every source from the home's own folder before the run whose assets will; returns the
    seconds that it took.

    What goes wrong is told by the asset. Where another process has the warehouse or the source, the
    rest is left to the assets, which wait for their turn.
    """
    seconds = 0.0
    for source in SOURCES:
        outcome: Future[Loaded] = Future()
        try:
            loaded = _load(source.name, "", home)
        except (WarehouseLockedError, PartitionBusyError):
            break
        except Exception as error:  # the run fails by it, and is in Dagster's history
            outcome.set_exception(error)
        else:
            outcome.set_result(loaded)
            seconds += loaded.cost.seconds
        _ahead[source.name, home] = outcome
    return seconds


def _load(source: str, directory: str, home: Home) -> Loaded:
    folder = Path(directory) if directory else home.imports
    results: list[LoadResult] = []
    with timed(Step(f"load {source}")) as cost, Bar(LOG.info) as bar:
        if directory or folder.is_dir():
            results += load_source(source, folder, home, step=bar.step)
        try:
            results += load_landed(source, home, step=bar.step)
        except LoadFailedError as error:
            results += error.results
    cost.rows_in = sum(result.rows_read for result in results)
    cost.rows_out = sum(result.rows_stored for result in results)
    loaded = Loaded(results, cost)
    LOG.info("%s", summary(source, results))
    for line in loaded.failures:
        LOG.warning("not loaded: %s", line)
    return loaded


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
