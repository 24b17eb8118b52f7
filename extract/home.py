"""Where the state of one Hubtide lies, and what day it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from extract.errors import HubtideError

# In a path DuckDB reads `?` as the start of options (where it puts the file's log) and `*` as any
# name, and the addresses of Dagster's SQLite files read `#`, `%` and `?`.
REFUSED = "#%?*"

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

    Raises HubtideError when HUBTIDE_TODAY is no date.
    """
    value = os.environ.get("HUBTIDE_TODAY", "")
    if not value:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise HubtideError(f"HUBTIDE_TODAY is '{value}': write a date as YYYY-MM-DD") from None


def utc_now() -> datetime:
    """The present moment as a naive UTC timestamp, as the `raw` schema stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
