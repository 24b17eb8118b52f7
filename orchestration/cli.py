"""`python -m orchestration`: the commands of the whole. Each fails with one clear line."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from extract.cli import main as extract_main
from extract.home import Home
from extract.import_folder import ImportFolder
from extract.loading import SOURCES as LOADERS
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT, dbt_target, prepare
from orchestration.manifest import parse_if_stale
from orchestration.publishing import DATABASE, current_build
from orchestration.sources import SOURCES

LOG = logging.getLogger("hubtide")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    home = prepare()
    try:
        status: int = options.command(options, home)
    except KeyboardInterrupt:
        return _fail("stopped; run the same command again to go on")
    except Exception as error:
        if os.environ.get("HUBTIDE_TRACEBACK"):
            raise
        return _fail(" ".join(_message(error).split()))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the whole pipeline on the embedded synthetic sample")
    run.set_defaults(command=_run)
    import_ = commands.add_parser("import", help="load a folder of snapshots, build and publish")
    import_.add_argument("directory", nargs="?", default="", metavar="DIR")
    import_.set_defaults(command=_import)
    headline = commands.add_parser("headline", help="print the tables of the published copy")
    headline.set_defaults(command=_headline)
    dev = commands.add_parser("dev", help="Dagster's web interface on loopback")
    dev.add_argument("--port", default="3000")
    dev.set_defaults(command=_dev)
    parse = commands.add_parser("parse", help="write dbt's manifest if the project has changed")
    parse.set_defaults(command=_parse)
    return parser


def _run(_options: argparse.Namespace, home: Home) -> int:
    return _pipeline("sample", {}, home)


def _import(options: argparse.Namespace, home: Home) -> int:
    directory = Path(options.directory).expanduser() if options.directory.strip() else None
    if directory is None or not directory.is_dir() or not _has_parts(directory, home):
        # extract/ knows the layout, and says it with an example row per part.
        return extract_main(["import", options.directory])
    return _pipeline("import_snapshots", import_config(directory.resolve()), home)


def _has_parts(directory: Path, home: Home) -> bool:
    folder = ImportFolder.open(directory)
    return any(loader.find(folder, home) for loader in LOADERS.values())


def _headline(_options: argparse.Namespace, home: Home) -> int:
    from orchestration.headline import headline

    folder = current_build(home.exports)
    if folder is None:
        return _fail("nothing is published yet: run `make run` or `make import DIR=…` first")
    _print(headline(folder))
    return 0


def _dev(options: argparse.Namespace, _home: Home) -> int:
    # Parsed once here: the processes that `dagster dev` starts would all do it at once.
    parse_if_stale(DBT_PROJECT_DIR, dbt_target())
    # The processes of `dagster dev` import orchestration/ wherever they are started.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")])
    )
    dagster = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
    os.execv(sys.executable, [*dagster, "-h", "127.0.0.1", "-p", options.port])


def _parse(_options: argparse.Namespace, _home: Home) -> int:
    parse_if_stale(DBT_PROJECT_DIR, dbt_target())
    return 0


def import_config(directory: Path) -> Mapping[str, Any]:
    """Run configuration that makes every source read from `directory`."""
    return {"ops": {source.name: {"config": {"directory": str(directory)}} for source in SOURCES}}


def _pipeline(job: str, config: Mapping[str, Any], home: Home) -> int:
    _show_progress()
    started = time.monotonic()
    LOG.info("starting")
    # Dagster and dbt take seconds to import: the commands above that need neither answer at once,
    # and dbt parses the project in its own process in the meantime.
    with ThreadPoolExecutor(max_workers=1) as pool:
        parsing = pool.submit(parse_if_stale, DBT_PROJECT_DIR, dbt_target())
        import dagster_dbt  # noqa: F401

        parsing.result()
    from orchestration.definitions import defs
    from orchestration.headline import headline
    from orchestration.progress import DbtProgress
    from orchestration.runs import execute, relative

    dbt_lines = DbtProgress(LOG.info)
    try:
        execute(defs.resolve_job_def(job), config, stdout=dbt_lines)
    finally:
        if dbt_lines.summary():
            LOG.info("%s", dbt_lines.summary())
    folder = current_build(home.exports)
    if folder is None:
        return _fail("the run published nothing; see the run in `make dev`")
    _print("", headline(folder), "")
    _print(
        f"Warehouse  {relative(home.warehouse)}",
        f"Exports    {relative(home.exports / 'current')} (build {folder.name})",
        f"For BI     {relative(home.exports / DATABASE)}",
        f"Done in {time.monotonic() - started:.0f} s.",
    )
    return 0


def _show_progress() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def _message(error: Exception) -> str:
    """A dagster.Failure keeps its line in `description`."""
    return str(getattr(error, "description", None) or error or type(error).__name__)


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _fail(line: str) -> int:
    sys.stderr.write(f"hubtide: {line}\n")
    return 1
