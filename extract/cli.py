"""`python -m extract`: sample, import, rebuild, parquet, status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from extract.errors import HubtideError, LoadFailedError
from extract.home import Home
from extract.import_folder import LAYOUT, ImportFolder
from extract.loading import SOURCES, LoadResult, load_source, rebuild
from extract.parquet import export_raw
from extract.warehouse import connect, first_line

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0, 1 when it failed, 2 when it was called wrongly."""
    parser = argparse.ArgumentParser(prog="python -m extract", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="write the synthetic sample as an import folder")
    sample.add_argument("directory", type=Path, metavar="DIR")
    imports = commands.add_parser("import", help="land and load the files of a folder")
    imports.add_argument("directory", nargs="?", default="", metavar="DIR")
    imports.add_argument("--source", choices=list(SOURCES), help="only this source")
    commands.add_parser("rebuild", help="load `raw` again from the landed files alone")
    parquet = commands.add_parser("parquet", help="write `raw` as Parquet files, for other engines")
    parquet.add_argument("directory", type=Path, metavar="DIR")
    commands.add_parser("status", help="what the load ledger says")
    options = parser.parse_args(arguments)
    try:
        if options.command == "sample":
            return _sample(options.directory)
        home = Home.from_env()
        if options.command == "import":
            return _import(options.directory, options.source, home)
        if options.command == "rebuild":
            return _rebuild(home)
        if options.command == "parquet":
            return _parquet(options.directory, home)
        return _status(home)
    except KeyboardInterrupt:
        _err("stopped; run the same command again to go on")
        return 130
    except Exception as error:
        if os.environ.get("HUBTIDE_TRACEBACK"):
            raise
        _err(f"error: {error if isinstance(error, HubtideError) else first_line(error)}")
        return 1


def _sample(directory: Path) -> int:
    from extract.sources import sample

    _require_folder(directory)
    sample.generate(directory)
    _out(f"sample written to {directory}")
    return 0


def _require_folder(directory: Path) -> None:
    """Raise HubtideError where something else has the name of a folder that is to be written."""
    if directory.exists() and not directory.is_dir():
        raise HubtideError(f"'{directory.name}' is a file: name a folder")


def _import(directory: str, source: str | None, home: Home) -> int:
    if not directory.strip():
        _err("import needs a folder: python -m extract import DIR\n")
        _out(LAYOUT)
        return USAGE_ERROR
    root = Path(directory).expanduser()
    if not root.is_dir():
        _err(f"there is no folder '{root.name}' to import\n")
        _out(LAYOUT)
        return USAGE_ERROR
    folder = ImportFolder.open(root)
    parts = [name for name in SOURCES if SOURCES[name].find(folder, home)]
    if not parts:
        _err(f"the folder '{root.name}' has no part that can be imported\n")
        _out(LAYOUT)
        return USAGE_ERROR
    for warning in folder.warnings():
        _err(warning)
    chosen = [name for name in parts if source in (None, name)]
    if not chosen:
        _err(f"the folder '{root.name}' has nothing for source {source}\n")
        _out(LAYOUT)
        return USAGE_ERROR
    results: list[LoadResult] = []
    failures: list[HubtideError] = []
    bar = ProgressLine()
    for name in chosen:
        try:
            results += load_source(name, root, home, bar.say, bar.step)
        except LoadFailedError as error:
            results += error.results
            failures.append(error)
        finally:
            bar.clear()
    _out(table(results))
    return _end(results, failures)


def _rebuild(home: Home) -> int:
    failures: list[HubtideError] = []
    try:
        results = rebuild(home, ProgressLine().say)
    except LoadFailedError as error:
        results = error.results
        failures.append(error)
    if not results:
        _err("nothing has landed yet: import a folder first")
        return 1
    _out(table(results))
    return _end(results, failures)


def _parquet(directory: Path, home: Home) -> int:
    _require_folder(directory)
    rows = export_raw(home.warehouse, directory)
    _out(f"{len(rows)} tables with {sum(rows.values()):,} rows written to {directory}")
    return 0


def _status(home: Home) -> int:
    if not home.warehouse.exists():
        _err("there is no warehouse yet: import a folder first")
        return 1
    con = connect(home.warehouse, read_only=True)
    try:
        if not con.execute("select 1 from duckdb_schemas() where schema_name = 'raw'").fetchall():
            raise HubtideError(f"{home.warehouse.name} has no schema `raw`: import a folder first")
        rows = con.execute(
            """
            select
                source,
                count(*) filter (where status = 'loaded') as partitions,
                count(*) filter (where status = 'superseded') as superseded,
                count(*) filter (where status = 'failed') as failed,
                sum(rows_read) filter (where status = 'loaded') as rows_read,
                sum(rows_stored) filter (where status = 'loaded') as stored,
                sum(rows_unchanged) filter (where status = 'loaded') as unchanged,
                sum(rows_rejected) filter (where status = 'loaded') as rejected,
                cast(max(as_of) filter (where status = 'loaded') as varchar) as as_of,
                strftime(max(finished_at), '%Y-%m-%d %H:%M') as finished_utc,
            from raw.loads
            group by source
            order by source
            """
        ).fetchall()
        kinds = con.execute(
            "select distinct is_synthetic from raw.loads where status = 'loaded'"
        ).fetchall()
        errors = con.execute(
            """
            select error
            from raw.loads as l
            where
                status = 'failed'
                and load_id > (
                    select coalesce(max(o.load_id), 0)
                    from raw.loads as o
                    where
                        o.source = l.source
                        and o.partition = l.partition
                        and o.status = 'loaded'
                )
            qualify row_number() over (partition by source, partition order by load_id desc) = 1
            order by source, partition
            """
        ).fetchall()
    finally:
        con.close()
    _out("rows: " + (", ".join("synthetic" if kind else "real" for (kind,) in kinds) or "none"))
    titles = (
        "source", "partitions", "superseded", "failed", "read", "stored", "unchanged",
        "rejected", "as of", "last load (UTC)",
    )  # fmt: skip
    _out(_columns(titles, [["" if v is None else _shown(v) for v in row] for row in rows]))
    for (error,) in errors:
        _out(f"failed: {error}")
    return 0


def table(results: Iterable[LoadResult]) -> str:
    """The import's table: source, partition, read, stored, unchanged, rejected.

    Months of daily snapshots are one line each, so that 400 days stay readable.
    """
    groups: dict[tuple[str, str], list[LoadResult]] = {}
    for result in results:
        partition = result.partition
        if result.source == "hub_stats":
            partition = partition[:7]
        groups.setdefault((result.source, partition), []).append(result)
    rows = []
    for (source, partition), group in groups.items():
        name = group[0].partition if len(group) == 1 else f"{partition} ({len(group)} days)"
        states = sorted({result.status for result in group})
        counts = (
            sum(getattr(result, column) for result in group)
            for column in ("rows_read", "rows_stored", "rows_unchanged", "rows_rejected")
        )
        notes = sorted({result.note for result in group if result.note})
        rows.append([source, name, *map(_shown, counts), ", ".join(states), "; ".join(notes)[:120]])
    titles = ("source", "partition", "read", "stored", "unchanged", "rejected", "status", "")
    return _columns(titles, rows)


class ProgressLine:
    """A line on stderr that is overwritten, on a terminal only; other lines go above it."""

    def __init__(self) -> None:
        self._shown = False

    def step(self, done: int, total: int, what: str) -> None:
        """Show how far a load is."""
        if sys.stderr.isatty() and what:
            _write(f"\r\x1b[2K[{done}/{total}] {what}")
            self._shown = True

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            _write("\r\x1b[2K")
            self._shown = False

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        _err(text)


def _out(text: str) -> None:
    sys.stdout.write(text + "\n")


def _err(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _end(results: list[LoadResult], failures: list[HubtideError]) -> int:
    for result in results:
        if result.status == "failed":
            _err(f"error: {result.note}")
    return 1 if failures else 0


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [
        max(len(title), *(len(row[index]) for row in rows)) if rows else len(title)
        for index, title in enumerate(titles)
    ]
    lines = [list(titles), ["-" * width for width in widths], *rows]
    numeric = [
        bool(rows) and all(row[index].replace(",", "").isdigit() for row in rows if row[index])
        for index in range(len(titles))
    ]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
