"""Short lines of progress for a terminal, instead of Dagster's and dbt's own."""

import io
import re
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

# Its types are a package of their own, which one bar is not worth.
from tqdm import tqdm  # type: ignore[import-untyped, unused-ignore]

# dbt's line when a node is done, e.g. "10:15:02  12 of 96 OK created sql table model marts.x".
_DBT_DONE = re.compile(r"\b(\d+) of (\d+) (OK|PASS|WARN|ERROR|FAIL|SKIP)\b")


def throttled(
    write: Callable[[str], None], seconds: float = 2.0, clock: Callable[[], float] = time.monotonic
) -> Callable[[str], None]:
    """`write` at most once in `seconds`: a backfill of a thousand days is not a thousand lines."""
    last = clock()

    def maybe_write(line: str) -> None:
        nonlocal last
        if clock() - last >= seconds:
            last = clock()
            write(line)

    return maybe_write


class Bar:
    """How far a long fetch or load is, with its rate and the time left.

    On a terminal a bar; elsewhere a line now and then through `write`.
    """

    def __init__(self, write: Callable[[str], None], seconds: float = 10.0) -> None:
        self._write = write
        self._maybe_write = throttled(write, seconds)
        self._bar: Any = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        if self._bar is not None:
            self._bar.clear()
        self._write(line)

    def step(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` are done, and what is being worked on."""
        if not sys.stderr.isatty():
            elapsed = time.monotonic() - self._started
            self._maybe_write(f"{what} {tqdm.format_meter(done, total, elapsed, ncols=0)}")
            return
        bar = self._bar or tqdm(total=total, leave=False, dynamic_ncols=True, file=sys.stderr)
        self._bar = bar
        bar.total = total
        bar.set_description_str(what[:40], refresh=False)
        bar.update(done - bar.n)


class DbtProgress(io.TextIOBase):
    """Stands in for stdout while dbt's lines come by: says how many nodes are done."""

    def __init__(self, write: Callable[[str], None], seconds: float = 2.0) -> None:
        self._write = throttled(write, seconds)
        self._tally: dict[str, int] = {}

    def writable(self) -> bool:
        """True: print() asks."""
        return True

    def write(self, text: str) -> int:
        """Take a line of dbt; pass on a count of what is done, now and then."""
        found = _DBT_DONE.search(text)
        if found:
            done, total, status = found.groups()
            self._tally[status] = self._tally.get(status, 0) + 1
            self._write(f"dbt: {done} of {total} models and tests")
        return len(text)

    def summary(self) -> str:
        """What dbt did, in one line; empty when it did nothing."""
        if not self._tally:
            return ""
        words = {
            "OK": "built",
            "PASS": "tests passed",
            "WARN": "tests warned",
            "FAIL": "tests failed",
            "ERROR": "failed",
            "SKIP": "skipped",
        }
        return "dbt: " + ", ".join(
            f"{self._tally[status]} {word}"
            for status, word in words.items()
            if status in self._tally
        )
