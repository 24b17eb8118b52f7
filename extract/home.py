"""Where the state of one Hubtide lies, and what day it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from extract.errors import HubtideError

# In a path DuckDB reads `?` as the start of options (where it puts the file's log) and `*` as any
# name, and the addresses of Dagster's SQLite files read `#`, `%` and `?`.
REFUSED = "#%?*"

# The days that HUBTIDE_TODAY may be: from the year of the first data on (the Hub has no creation
# before 2022-03-02) to so many days from the real one. Others only meet the calendar's end.
FIRST_TODAY = date(2022, 1, 1)
DAYS_AHEAD = 366

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folder that holds all state: warehouse, landed files, exports (HUBTIDE_HOME)."""

    root: Path

    @classmethod
    def from_env(cls) -> Home:
        """HUBTIDE_HOME, else the project folder. Raises HubtideError when it can be no home."""
        value = os.environ.get("HUBTIDE_HOME", "")
        root = (Path(value).expanduser() if value else PROJECT).resolve()
        for letter in REFUSED:
            if letter in str(root):
                raise HubtideError(
                    f"the path of HUBTIDE_HOME has a '{letter}', which DuckDB or SQLite takes for "
                    f"a sign of its own: name a folder whose path has none of {' '.join(REFUSED)}"
                )
        if root.is_file():
            raise HubtideError("HUBTIDE_HOME leads to a file: name a folder")
        return cls(root)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that extract/ and dbt write."""
        return self.root / "warehouse.duckdb"

    @property
    def landing(self) -> Path:
        """Immutable landed files: <source>/<partition>/."""
        return self.root / "data"

    @property
    def exports(self) -> Path:
        """Published builds."""
        return self.root / "exports"

    @property
    def imports(self) -> Path:
        """Import folders that a command writes itself before it loads them."""
        return self.landing / "import"


def today() -> date:
    """HUBTIDE_TODAY (YYYY-MM-DD, for tests and demonstrations), else the UTC date.

    Raises HubtideError when HUBTIDE_TODAY is no date, before 2022, or more than a year from now.
    """
    value = os.environ.get("HUBTIDE_TODAY", "")
    real_day = datetime.now(UTC).date()
    if not value:
        return real_day
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise HubtideError(f"HUBTIDE_TODAY is '{value}': write a date as YYYY-MM-DD") from None
    last = real_day + timedelta(days=DAYS_AHEAD)
    if not FIRST_TODAY <= day <= last:
        raise HubtideError(f"HUBTIDE_TODAY is {day}: write a day from {FIRST_TODAY} to {last}")
    return day


def utc_now() -> datetime:
    """The present moment as a naive UTC timestamp, as the `raw` schema stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
