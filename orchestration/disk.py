"""Room on the disk that holds HUBTIDE_HOME: asked before a build begins, and where one failed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from extract.home import Home
from orchestration.publishing import current_build

# What Python, DuckDB and Dagster's SQLite say of a disk that is full.
_FULL = re.compile(r"no space left|disk is full|disk i/o error|disk quota exceeded", re.IGNORECASE)

_MB = 1_000_000
# Less than this, and what is said of a failure cannot be trusted: not even its log was written.
_LEAST = 10 * _MB


def shortage(home: Home) -> str | None:
    """Why there is too little room to begin, None where there is enough.

    The next build is published beside the current one, so as much as that has must be free. What
    the warehouse grows by is not known before.
    """
    current = current_build(home.exports)
    needed = _LEAST + (0 if current is None else _size(current))
    free = _free(home)
    if free >= needed:
        return None
    return (
        f"the disk has {free // _MB:,} MB left and a build needs {needed // _MB:,} at least: "
        f"make room and run the same command again; {_kept(home)}"
    )


def explained(line: str, home: Home) -> str:
    """A failure's line, or what is behind it where the disk is full."""
    if not _FULL.search(line) and _free(home) >= _LEAST:
        return line
    return (
        f"the disk is full ({_free(home) // _MB:,} MB left): make room and run the same command "
        f"again; {_kept(home)} (it failed with: {line})"
    )


def _kept(home: Home) -> str:
    current = current_build(home.exports)
    return "nothing was published" if current is None else f"readers keep build {current.name}"


def _free(home: Home) -> int:
    there = next(path for path in (home.root, *home.root.resolve().parents) if path.exists())
    return shutil.disk_usage(there).free


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
