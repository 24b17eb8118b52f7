"""`python -m orchestration`: the commands of the whole. Each fails with one clear line."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from extract.cli import main as extract_main
from extract.errors import HubtideError, without_folders
from extract.fetching import open_day
from extract.home import Home
from extract.import_folder import ImportFolder
from extract.live import DATED, DISCOVERY_REQUESTS, LIVE, is_synthetic
from extract.loading import SOURCES as LOADERS
from extract.loading import guard_landing
from extract.sources.hub_stats import SOURCE as SNAPSHOTS
from extract.sources.hub_stats_snapshots import FIRST_DAY
from orchestration import waiting_dbt
from orchestration.costs import ENGINE_COSTS, engine_seconds
from orchestration.disk import explained, shortage
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT, dbt_target, prepare
from orchestration.manifest import docs_page, parse_if_stale
from orchestration.publishing import (
    CURRENT,
    DASHBOARD,
    DATABASE,
    current_build,
    published_builds,
    set_current,
)
from orchestration.sample import write_sample
from orchestration.sources import SOURCES
from orchestration.where_time_went import where_time_went

LOG = logging.getLogger("hubtide")

_BEGIN = (
    "run `make run` or `make import DIR=…` first, or say where it is with HUBTIDE_HOME (`sample` "
    "after `make run`)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    home: Home | None = None
    try:
        home = Home.from_env()
        is_plain = options.command in _WITHOUT_DAGSTER
        status: int = options.command(options, home if is_plain else prepare())
    except KeyboardInterrupt:
        return _fail("stopped; run the same command again to go on")
    except Exception as error:
        if os.environ.get("HUBTIDE_TRACEBACK"):
            raise
        line = " ".join(_message(error).split())
        return _fail(explained(line, home) if home else line)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the whole pipeline on the embedded synthetic sample")
    run.set_defaults(command=_run)
    import_ = commands.add_parser("import", help="load a folder of snapshots, build and publish")
    import_.add_argument("directory", nargs="?", default="", metavar="DIR")
    import_.set_defaults(command=_import)
    live = commands.add_parser("live", help="today's readings from the live sources, built")
    live.set_defaults(command=_live)
    _add_limits(live)
    live.add_argument("--only", choices=list(LIVE), nargs="+", metavar="SOURCE", default=[],
                      help=f"of {', '.join(LIVE)}")  # fmt: skip
    live.add_argument("--whole-hub", action="store_true", help="list every model of the Hub too")
    live.add_argument("--hub-stats", action="store_true", help="fetch today's hub-stats file too")
    live.add_argument(
        "--discovery-requests",
        type=_positive,
        default=DISCOVERY_REQUESTS,
        metavar="N",
        help=f"requests for discovery ({DISCOVERY_REQUESTS})",
    )
    backfill = commands.add_parser("backfill", help="history: dated snapshots and rankings")
    backfill.set_defaults(command=_backfill)
    _add_limits(backfill)
    backfill.add_argument("--since", required=True, metavar="YYYY-MM-DD")
    backfill.add_argument("--until", default="", metavar="YYYY-MM-DD", help="default: today")
    backfill.add_argument("--only", choices=list(DATED), nargs="+", metavar="SOURCE",
                          default=list(DATED), help=f"of {', '.join(DATED)}")  # fmt: skip
    backfill.add_argument(
        "--every", type=_positive, default=1, metavar="N", help="one snapshot of N days"
    )
    backfill.add_argument(
        "--keep",
        choices=["original", "contract"],
        default="original",
        help="snapshots as they came, or only the columns that are loaded (much smaller)",
    )
    build = commands.add_parser("build", help="load what has landed, build, check and publish")
    build.add_argument("--full-refresh", action="store_true", help="build every table anew")
    build.set_defaults(command=_build)
    rollback = commands.add_parser("rollback", help="give readers an earlier build again")
    rollback.add_argument("build_id", nargs="?", default="", help="default: list those kept")
    rollback.set_defaults(command=_rollback)
    headline = commands.add_parser("headline", help="print the tables of the published copy")
    headline.set_defaults(command=_headline)
    dev = commands.add_parser("dev", help="Dagster's web interface on loopback")
    dev.add_argument("--port", type=_port, default=3000, help="default: 3000")
    dev.set_defaults(command=_dev)
    docs = commands.add_parser("docs", help="dbt's documentation as one static page")
    docs.set_defaults(command=_docs)
    parse = commands.add_parser("parse", help="write dbt's manifest if the project has changed")
    parse.set_defaults(command=_parse)
    return parser


def _run(_options: argparse.Namespace, home: Home) -> int:
    return _pipeline("sample", {}, home, ahead=partial(_sample_ahead, home))


def _sample_ahead(home: Home) -> float:
    """Only the sample is loaded before its run: in some seconds, less than another command waits
    for the file. What takes longer has the pool's one place, so that others queue for it."""
    from orchestration.loads import load_ahead

    write_sample(home.imports)
    return load_ahead(home)


def _import(options: argparse.Namespace, home: Home) -> int:
    directory = Path(options.directory).expanduser() if options.directory.strip() else None
    if directory is None or not directory.is_dir() or not _has_parts(directory, home):
        # extract/ knows the layout, and says it with an example row per part.
        return extract_main(["import", options.directory])
    for warning in ImportFolder.open(directory).warnings():
        sys.stderr.write(f"{warning}\n")
    return _pipeline("build", import_config(directory.resolve()), home)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be fetched, and fetch nothing"
    )
    parser.add_argument(
        "--max-requests", type=_positive, default=None, metavar="N", help="at most N a source"
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _port(text: str) -> int:
    if (number := _positive(text)) > 65535:
        raise argparse.ArgumentTypeError("must be at most 65535")
    return number


def _live(options: argparse.Namespace, home: Home) -> int:
    sources = options.only or [name for name in LIVE if name != SNAPSHOTS or options.hub_stats]
    config = {
        "whole_hub": options.whole_hub,
        "discovery_requests": options.discovery_requests,
        "max_requests": options.max_requests,
    }
    today = open_day()
    return _fetch_and_build("live", sources, config, (today, today), options.dry_run, home)


def _backfill(options: argparse.Namespace, home: Home) -> int:
    from orchestration.live import parse_day

    since, until = parse_day(options.since), parse_day(options.until) or open_day()
    if since is None:
        return _fail("say from which day: --since, or SINCE of make backfill")
    if since > until:
        return _fail(f"--since {options.since} is after --until {until}")
    if since < FIRST_DAY or until > open_day():
        return _fail(f"there are days from {FIRST_DAY} to {open_day()}, the open one")
    config = {
        "every": options.every,
        "keep": options.keep,
        "max_requests": options.max_requests,
    }
    days = (since, until)
    return _fetch_and_build("backfill", options.only, config, days, options.dry_run, home)


def _fetch_and_build(
    job: str,
    sources: Sequence[str],
    config: Mapping[str, Any],
    days: tuple[date, date],
    dry_run: bool,
    home: Home,
) -> int:
    synthetic = is_synthetic(sources)
    guard_landing(home, synthetic)
    if dry_run:
        from orchestration.live import plan_text

        _print(plan_text(sources, config, home, None if job == "live" else days))
        return 0
    # What could be read is built; the exit status says that not all was.
    steps = {f"landed__{name}": {"config": {**config, "go_on": True}} for name in sources}
    without = [["landed", name] for name in LIVE if name not in sources]
    return _pipeline(job, {"ops": steps}, home, without, days)


def _build(options: argparse.Namespace, home: Home) -> int:
    config = {"ops": {"dbt_models": {"config": {"full_refresh": options.full_refresh}}}}
    return _pipeline("build", config, home)


def _rollback(options: argparse.Namespace, home: Home) -> int:
    current = current_build(home.exports)
    if not options.build_id:
        builds = published_builds(home.exports)
        if not builds:
            return _fail(f"nothing is published yet: {_BEGIN}")
        for build in builds:
            mark = "  (current)" if current and current.name == build.build_id else ""
            _print(f"{build.build_id}  published {build.published_at:%Y-%m-%d %H:%M} UTC{mark}")
        return 0
    set_current(home.exports, options.build_id)
    _print(f"readers have build {options.build_id} until the next one is published")
    return 0


def _has_parts(directory: Path, home: Home) -> bool:
    folder = ImportFolder.open(directory)
    return any(loader.find(folder, home) for loader in LOADERS.values())


def _headline(_options: argparse.Namespace, home: Home) -> int:
    from hubtide.headline import headline

    folder = current_build(home.exports)
    if folder is None:
        return _fail(f"nothing is published yet: {_BEGIN}")
    _print(headline(folder))
    return 0


# They look at what is published, and need no place where Dagster and dbt could write.
_WITHOUT_DAGSTER = (_headline, _rollback)


def _dev(options: argparse.Namespace, _home: Home) -> int:
    # Parsed once here: the processes that `dagster dev` starts would all do it at once.
    parse_if_stale(DBT_PROJECT_DIR, dbt_target())
    # The processes of `dagster dev` import orchestration/ wherever they are started.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")])
    )
    dagster = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
    os.execv(sys.executable, [*dagster, "-h", "127.0.0.1", "-p", str(options.port)])


def _parse(_options: argparse.Namespace, _home: Home) -> int:
    parse_if_stale(DBT_PROJECT_DIR, dbt_target())
    return 0


def _docs(_options: argparse.Namespace, home: Home) -> int:
    if not home.warehouse.exists():
        return _fail(f"there is no warehouse: {_BEGIN}")
    parse_if_stale(DBT_PROJECT_DIR, dbt_target())
    _print(str(docs_page(DBT_PROJECT_DIR, dbt_target())))
    return 0


def import_config(directory: Path) -> Mapping[str, Any]:
    """Run configuration that makes every source read from `directory`."""
    return {"ops": {source.name: {"config": {"directory": str(directory)}} for source in SOURCES}}


def _pipeline(
    job: str,
    config: Mapping[str, Any],
    home: Home,
    without: Sequence[Sequence[str]] = (),
    days: tuple[date, date] | None = None,
    ahead: Callable[[], float] | None = None,
) -> int:
    """Run a job for `days`, less the assets `without`, and print what it published.

    `ahead` is called while dbt parses, and returns the seconds that it loaded for.

    The status is 1 where something could not be read, although the rest was published.
    """
    if (too_little := shortage(home)) is not None:
        return _fail(too_little)
    _show_progress()
    started = time.monotonic()
    loading = 0.0
    LOG.info("starting")
    # Dagster and dbt take seconds to import: the commands above that need neither answer at once,
    # and dbt parses the project in its own process in the meantime. Imported here is whatever needs
    # no manifest.
    with waiting_dbt.started(DBT_PROJECT_DIR, dbt_target()) as dbt:
        import dagster_dbt  # noqa: F401

        from dashboard.site import javascript
        from orchestration.defs import landed, published, raw  # noqa: F401
        from orchestration.progress import DbtProgress
        from orchestration.runs import execute, instance, is_in_progress

        with instance() as opened:
            # Beside another run, loading waits for its place in the pool of one writer.
            if ahead is not None and not is_in_progress(opened):
                loading = ahead()
            dbt.wait()
            from orchestration.definitions import defs

            if current_build(home.exports) is None:
                # Only the first dashboard needs it.
                dbt.meanwhile = javascript

            begun = time.monotonic()
            dbt_lines = DbtProgress(LOG.info)
            try:
                ended = execute(
                    defs.resolve_job_def(job), config, opened, dbt_lines, without=without, days=days
                )
            finally:
                if dbt_lines.summary():
                    LOG.info("%s", dbt_lines.summary())
    from hubtide.headline import headline
    from orchestration.runs import relative

    folder = current_build(home.exports)
    if folder is None:
        return _fail("the run published nothing; see the run in `make dev`")
    _print("", headline(folder), "")
    total = time.monotonic() - started
    start = begun - started - loading
    seconds = {"ahead": loading, **ended.seconds}
    engine = engine_seconds(dbt_target() / ENGINE_COSTS)
    _print(
        f"Warehouse  {relative(home.warehouse)}",
        f"Exports    {relative(home.exports / 'current')} (build {folder.name})",
        f"For BI     {relative(home.exports / DATABASE)}",
        f"Dashboard  {relative(home.exports / CURRENT / DASHBOARD / 'index.html')}",
        f"Time       {where_time_went(total, start, seconds, engine)}",
        f"Done in {total:.0f} s.",
    )
    if ended.problems:
        count = f"{len(ended.problems)} part{'s' if len(ended.problems) > 1 else ''}"
        return _fail(
            f"published what there is; {count} could not be read or loaded (above, 'not read' and "
            "'not loaded'). Run the same command again: it goes on where this one stopped"
        )
    return 0


def _show_progress() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def _message(error: Exception) -> str:
    """A dagster.Failure keeps its line in `description`. What a library says may name folders."""
    said = str(getattr(error, "description", None) or error or type(error).__name__)
    return said if isinstance(error, HubtideError) else without_folders(said)


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _fail(line: str) -> int:
    sys.stderr.write(f"hubtide: {line}\n")
    return 1
