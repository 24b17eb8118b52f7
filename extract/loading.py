"""From an import folder, or from landing alone, into `raw`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from extract import landing
from extract.errors import ContractError, HubtideError, LoadFailedError, MixedKindsError
from extract.home import Home, utc_now
from extract.import_folder import ImportFolder
from extract.landing import Manifest
from extract.sources import (
    files,
    hub_api,
    hub_discovery,
    hub_snapshots,
    hub_stats,
    modelscope,
    openrouter,
    tracked_models,
)
from extract.sources.base import Found, Loader, SimpleLoader, Source
from extract.warehouse import (
    Counts,
    Load,
    LoadedPartition,
    Warehouse,
    drop_raw,
    first_line,
    mixed_kinds,
)

# Partitions landed at a time: a disk takes some milliseconds for each of a partition's three syncs,
# and more of them at once than one after another.
LANDING_THREADS = 4

# Begins the note of a load that takes the place of an earlier one of its partition.
SUPERSEDES = "supersedes load"

Progress = Callable[[str], None]
# (partitions done, partitions in all, the partition being worked on)
Step = Callable[[int, int, str], None]


def _nothing(_folder: ImportFolder, _home: Home) -> list[Found]:
    """An import folder has no part for a source that is only read over the network."""
    return []


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(hub_api.SOURCE, _nothing, partial(hub_snapshots.Loader, hub_api.reader)),
        Source(hub_discovery.SOURCE, _nothing, partial(hub_snapshots.Loader, hub_discovery.reader)),
        Source(hub_stats.SOURCE, hub_stats.find, partial(hub_snapshots.Loader, hub_stats.Reader())),
        Source(files.SOURCE, files.find, lambda *_: SimpleLoader(files.load)),
        Source(openrouter.SOURCE, openrouter.find, lambda *_: SimpleLoader(openrouter.load)),
        Source(
            modelscope.SOURCE,
            _nothing,
            lambda _con, _pending, _loaded, checks_total: SimpleLoader(
                partial(modelscope.load, checks_total=checks_total)
            ),
        ),
        Source(
            tracked_models.SOURCE, tracked_models.find, lambda *_: SimpleLoader(tracked_models.load)
        ),
    )
}


@dataclass(frozen=True)
class LoadResult:
    """What became of one partition. `status` is loaded, unchanged (as loaded before) or failed.

    Counts are rows of the partition, rows_read = rows_stored + rows_unchanged + rows_rejected;
    `seconds` is the load's wall time; `note` is one line, often empty.
    """

    source: str
    partition: str
    status: str
    rows_read: int
    rows_stored: int
    rows_unchanged: int
    rows_rejected: int
    seconds: float
    note: str


def load_source(
    source: str,
    directory: Path,
    home: Home,
    progress: Progress | None = None,
    step: Step | None = None,
) -> list[LoadResult]:
    """Land and load every partition that an import folder has for a source, in order.

    Landing comes first and holds no lock on the warehouse. `progress` gets one line a group of
    partitions (a month of snapshots, a file), `step` every partition. A source that the folder
    does not have gives [].

    Raises ImportFolderError, WarehouseLockedError or MixedKindsError before anything is landed.
    A partition that fails leaves what was there as it was; the others are still loaded, and
    LoadFailedError, with all results, is raised at the end.
    """
    module = _source(source)
    folder = ImportFolder.open(directory)
    found = module.find(folder, home)
    if not found:
        return []
    guard_kind(home, folder.is_synthetic)
    groups = {part.partition: part.group for part in found}
    with landing.source_lock(home, source):
        manifests = _land(found, step)
    with Warehouse.open(home) as warehouse:
        return load_manifests(warehouse, manifests, groups, True, progress, step)


def load_landed(
    source: str, home: Home, progress: Progress | None = None, step: Step | None = None
) -> list[LoadResult]:
    """Load what has landed of a source and is not in the warehouse yet, by partition.

    What a killed run had landed is among it. Raises WarehouseLockedError or MixedKindsError before
    anything is loaded, LandingError for a landed file that was changed, and LoadFailedError, with
    all results, at the end when a partition failed.
    """
    _source(source)
    manifests = list(landing.landed_partitions(home, source))
    if not manifests:
        return []
    with Warehouse.open(home) as warehouse:
        loaded = warehouse.loaded(source)
        pending = [entry for entry in manifests if not _is_loaded(entry, loaded)]
        for manifest in pending:
            warehouse.guard_kind(manifest.is_synthetic)
            landing.verify(manifest)
        return load_manifests(warehouse, pending, {}, True, progress, step) if pending else []


def rebuild(
    home: Home,
    progress: Progress | None = None,
    order: Callable[[list[Manifest]], Iterable[Manifest]] | None = None,
) -> list[LoadResult]:
    """Drop the tables of `raw` and load them again from the landed partitions alone.

    The order does not matter; `order` is there to prove it. Totals are not compared with the
    previous read day again: a partition whose load failed by that has been set aside. Raises
    LandingError when a landed file is missing or was changed, MixedKindsError when landing holds
    both kinds, LoadFailedError at the end when a partition failed.
    """
    manifests = [
        manifest for source in SOURCES for manifest in landing.landed_partitions(home, source)
    ]
    if len({manifest.is_synthetic for manifest in manifests}) > 1:
        raise MixedKindsError(
            "landing holds synthetic and real partitions; they never mix: remove one kind's "
            "folders from data/ and import the other again"
        )
    for manifest in manifests:
        landing.verify(manifest)
    with Warehouse.open(home) as warehouse:
        drop_raw(warehouse.con)
        chosen = list(order(manifests)) if order else manifests
        return load_manifests(warehouse, chosen, {}, False, progress, None)


def _source(source: str) -> Source:
    if source not in SOURCES:
        raise HubtideError(f"there is no source '{source}'; there are {', '.join(SOURCES)}")
    return SOURCES[source]


def _is_loaded(manifest: Manifest, loaded: dict[str, LoadedPartition]) -> bool:
    known = loaded.get(manifest.partition)
    return known is not None and known.sha256 == manifest.digest


def guard_kind(home: Home, is_synthetic: bool) -> None:
    """Raise MixedKindsError when the warehouse or data/ holds rows of the other kind."""
    with Warehouse.open(home) as warehouse:
        warehouse.guard_kind(is_synthetic)
    guard_landing(home, is_synthetic)


def guard_landing(home: Home, is_synthetic: bool) -> None:
    """Raise MixedKindsError when data/ holds rows of the other kind; opens no warehouse.

    Partitions of the other kind in data/ would make a rebuild impossible.
    """
    for source in SOURCES:
        manifest = next(landing.landed_partitions(home, source), None)
        if manifest is not None and manifest.is_synthetic != is_synthetic:
            raise MixedKindsError(mixed_kinds("data/", is_synthetic))


def _land(found: list[Found], step: Step | None) -> list[Manifest]:
    """Land partitions several at a time, for each waits thrice until the disk has it.

    The first that fails ends it; those that have landed by then stay.
    """
    manifests = []
    with duckdb.connect() as con, ThreadPoolExecutor(LANDING_THREADS) as pool:
        landing = [pool.submit(part.land, con.cursor()) for part in found]
        try:
            for number, (part, landed) in enumerate(zip(found, landing, strict=True)):
                if step:
                    step(number, len(found), f"landing {part.source} {part.partition}")
                manifests.append(landed.result())
        finally:
            for waiting in landing:
                waiting.cancel()
    return manifests


def load_manifests(
    warehouse: Warehouse,
    manifests: list[Manifest],
    groups: dict[str, str] | None = None,
    checks_total: bool = True,
    progress: Progress | None = None,
    step: Step | None = None,
) -> list[LoadResult]:
    """Load landed partitions in the order given, each in a transaction of its own.

    `groups` names the group of a partition for `progress`. Raises LoadFailedError, with all
    results, after the last one when any failed.
    """
    groups = groups or {}
    loaded = {source: warehouse.loaded(source) for source in {entry.source for entry in manifests}}
    loaders = {
        source: _source(source).loader(
            warehouse.con,
            [
                entry
                for entry in manifests
                if entry.source == source and not _is_loaded(entry, known)
            ],
            list(known),
            checks_total,
        )
        for source, known in loaded.items()
    }
    results: list[LoadResult] = []
    group: list[LoadResult] = []
    group_name = ""
    for number, manifest in enumerate(manifests):
        if step:
            step(number, len(manifests), f"{manifest.source} {manifest.partition}")
        name = f"{manifest.source} {groups.get(manifest.partition, manifest.partition[:7])}"
        if progress and group and name != group_name:
            progress(_line(group_name, group))
        if name != group_name:
            group, group_name = [], name
        known = loaded[manifest.source].get(manifest.partition)
        result = _load_partition(warehouse, loaders[manifest.source], manifest, known)
        results.append(result)
        group.append(result)
    if step:
        step(len(manifests), len(manifests), "")
    if progress and group:
        progress(_line(group_name, group))
    failed = [result for result in results if result.status == "failed"]
    if failed:
        more = f" (and {len(failed) - 1} more partitions failed)" if len(failed) > 1 else ""
        raise LoadFailedError(failed[0].note + more, results)
    return results


def _load_partition(
    warehouse: Warehouse, loader: Loader, manifest: Manifest, known: LoadedPartition | None
) -> LoadResult:
    if known is not None and known.sha256 == manifest.digest:
        return LoadResult(
            manifest.source,
            manifest.partition,
            "unchanged",
            known.rows_read,
            known.rows_stored,
            known.rows_unchanged,
            known.rows_rejected,
            0.0,
            "",
        )
    started = time.perf_counter()
    load = Load(
        con=warehouse.con,
        manifest=manifest,
        load_id=warehouse.next_load_id(),
        previous_load_id=known.load_id if known else None,
        started_at=utc_now(),
    )
    try:
        counts = _run(warehouse, loader, load)
    except ContractError as error:
        counts = Counts(error.rows_read, 0, error.rows_rejected)
        warehouse.record_failed(manifest, load.started_at, counts, str(error))
        landing.set_aside(manifest, known.sha256 if known else None)
        seconds = time.perf_counter() - started
        return _result(manifest, "failed", counts, seconds, str(error))
    notes = []
    if known is not None:
        notes.append(f"{SUPERSEDES} {known.load_id}")
    if load.unknown:
        notes.append(f"unknown columns: {', '.join(sorted(load.unknown))}")
    seconds = time.perf_counter() - started
    return _result(manifest, "loaded", counts, seconds, "; ".join(notes))


def _run(warehouse: Warehouse, loader: Loader, load: Load) -> Counts:
    """One transaction: the partition's rows and its ledger row, or nothing."""
    con = warehouse.con
    try:
        loader.prepare(load.manifest)
        con.execute("begin transaction")
        counts = loader.load(load)
        warehouse.record_loaded(load, counts)
        con.execute("commit")
    except BaseException as error:
        _roll_back(warehouse)
        if isinstance(error, duckdb.Error):
            message = f"{load.label}: the load failed ({first_line(error)}); nothing was changed"
            raise HubtideError(message) from error
        raise
    return counts


def _roll_back(warehouse: Warehouse) -> None:
    warehouse.forget_reported()
    with contextlib.suppress(duckdb.Error):  # no transaction, or its failure has ended it
        warehouse.con.execute("rollback")


def _result(
    manifest: Manifest, status: str, counts: Counts, seconds: float, note: str
) -> LoadResult:
    return LoadResult(
        manifest.source,
        manifest.partition,
        status,
        counts.read,
        counts.stored,
        counts.read - counts.stored - counts.rejected,
        counts.rejected,
        seconds,
        note,
    )


def _line(name: str, group: list[LoadResult]) -> str:
    """One line a group: `hub_stats 2026-05: 31 partitions, 8,060 rows read, 412 stored`."""
    states = {result.status for result in group}
    count = f"{len(group)} partition{'s' if len(group) > 1 else ''}"
    if states == {"unchanged"}:
        return f"{name}: {count}, unchanged"
    text = (
        f"{name}: {count}, {sum(result.rows_read for result in group):,} rows read, "
        f"{sum(result.rows_stored for result in group):,} stored, "
        f"{sum(result.rows_rejected for result in group):,} rejected"
    )
    failed = sum(result.status == "failed" for result in group)
    return f"{text}, {failed} failed" if failed else text
