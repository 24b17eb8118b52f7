"""Short lines of progress for a terminal, instead of Dagster's and dbt's own."""

import io
import re
import time
from collections.abc import Callable

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
