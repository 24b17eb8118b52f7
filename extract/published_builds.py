"""Which builds were published, as rows of `raw`: what they showed can be held against the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from extract.home import Home
from extract.warehouse import Warehouse

STEP_COLUMNS = ("step", "seconds", "cpu_seconds", "peak_mb", "rows_in", "rows_out", "bytes_written")


@dataclass(frozen=True)
class PublishedBuild:
    """A published build. `steps` have the columns of raw.build_steps, less the build's id."""

    build_id: str
    published_at: datetime
    steps: list[Mapping[str, Any]] = field(default_factory=list)


def note_builds(home: Home, builds: Iterable[PublishedBuild]) -> int:
    """Write builds that are not in `raw` yet; returns how many. Times are UTC without a zone."""
    with Warehouse.open(home) as warehouse:
        con = warehouse.con
        known = {row[0] for row in con.execute("from raw.published_builds").fetchall()}
        new = [build for build in builds if build.build_id not in known]
        con.execute("begin")
        for build in new:
            con.execute(
                "insert into raw.published_builds values (?, ?)",
                [build.build_id, build.published_at],
            )
            for step in build.steps:
                con.execute(
                    f"insert into raw.build_steps (build_id, {', '.join(STEP_COLUMNS)}) "
                    "values (?, ?, ?, ?, ?, ?, ?, ?)",
                    [build.build_id, *(step.get(column) for column in STEP_COLUMNS)],
                )
        con.execute("commit")
    return len(new)
