"""A warehouse that another process has open."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOLD = (
    "import duckdb, sys; "
    "con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'read only'); "
    "print('open', flush=True); sys.stdin.read()"
)


@contextlib.contextmanager
def held(path: Path, read_only: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """The process that has a DuckDB file open; `communicate` with it ends it before the block."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), "read only" if read_only else ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        yield holder
        holder.stdin.close()
