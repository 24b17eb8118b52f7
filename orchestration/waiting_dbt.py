"""dbt in a process of its own that has parsed the project and waits for its command.

A command starts it first: dbt is imported and parses the project while Dagster is imported and
the sources are loaded, and both are done once, not again for the build. Imports neither.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Self

from orchestration.environment import PROJECT_ROOT
from orchestration.manifest import ManifestError, Mark, said_by_dbt

# The process's line once it has parsed. What it says before may be a warning of Python's or of the
# machine's loader; without this line it is why dbt cannot parse.
_PARSED = "parsed\n"

_waiting: "WaitingDbt | None" = None


class WaitingDbt:
    """The process, from its start until it is given its command.

    `meanwhile` is called in a thread of its own once it has the command: the process that gave it
    only waits from then on.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", mark: Mark) -> None:
        self._process = process
        self._mark = mark
        self._is_parsed = False
        self.meanwhile: Callable[[], object] | None = None

    @classmethod
    def start(cls, project_dir: Path, target: Path) -> Self:
        """Start it, and begin to parse."""
        target.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(project_dir)],
            env={
                **os.environ,
                "DBT_TARGET_PATH": str(target),
                "DBT_PROFILES_DIR": str(project_dir),
            },
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return cls(process, Mark.of(project_dir, target))

    def wait(self) -> None:
        """Wait until the project is parsed and its manifest written.

        Raises:
            ManifestError: dbt cannot parse the project; the message is one line.
        """
        if self._is_parsed:
            return
        output = self._process.stdout
        assert output is not None  # noqa: S101  (it is a pipe)
        said = ""
        while (line := output.readline().decode(errors="replace")) != _PARSED:
            if not line:
                self._process.wait()
                raise ManifestError(f"dbt parse failed: {said_by_dbt(said)}")
            said += line
        self._is_parsed = True
        self._mark.write()

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Give it its one command; the process that runs it, with dbt's log as its output."""
        self.wait()
        order = {"arguments": list(arguments), "environment": dict(environment)}
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        with self._process.stdin as stdin:
            stdin.write(json.dumps(order).encode())
        if self.meanwhile is not None:
            Thread(target=self.meanwhile, daemon=True).start()
        return self._process

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it without a command."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def started(project_dir: Path, target: Path) -> Iterator[WaitingDbt]:
    """Start the process whose command the next build of this process is; it is ended where no
    build takes it."""
    global _waiting
    _waiting = WaitingDbt.start(project_dir, target)
    try:
        yield _waiting
    finally:
        if (left := take()) is not None:
            left.end()


def take() -> WaitingDbt | None:
    """The process that waits, once; None where none does, as in the web interface."""
    global _waiting
    taken, _waiting = _waiting, None
    return taken


def _tell_no_event_in_vain() -> None:
    """dbt words each event for each of its logs, and drops it there when the level is too low:
    seven of eight, a tenth of a build's processor time."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    fire_event = EventManager.fire_event

    def fire_event_if_wanted(
        manager: EventManager,
        e: BaseEvent,
        level: EventLevel | None = None,
        *rest: Any,
        **named: Any,
    ) -> None:
        asked_for = [logger.level for logger in manager.loggers]
        if (level or e.level_tag()) != EventLevel.DEBUG or EventLevel.DEBUG in asked_for:
            fire_event(manager, e, level, *rest, **named)

    EventManager.fire_event = fire_event_if_wanted  # type: ignore[method-assign, assignment]


def main() -> int:
    """Parse, wait for the command on standard input, run it; the exit status is dbt's."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    _tell_no_event_in_vain()
    os.chdir(sys.argv[1])
    # What parsing makes stays: looking through it for garbage is a tenth of the time.
    gc.disable()
    parsed = dbtRunner().invoke(["--quiet", "parse"])
    manifest = parsed.result
    if not parsed.success or not isinstance(manifest, Manifest):
        sys.stdout.write(f"{parsed.exception}\n")
        return 1
    gc.freeze()
    gc.enable()
    sys.stdout.write(_PARSED)
    sys.stdout.flush()
    order = sys.stdin.read()
    if not order:
        return 0  # nothing is to be built: another step failed
    command = json.loads(order)
    os.environ.update(command["environment"])
    return 0 if dbtRunner(manifest=manifest).invoke(command["arguments"]).success else 1


if __name__ == "__main__":
    sys.exit(main())
