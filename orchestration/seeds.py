"""What the live sources are asked for: organisations from dbt's seeds, bases from the marts."""

import csv
from pathlib import Path

import duckdb

from extract.home import Home
from orchestration.environment import DBT_PROJECT_DIR
from orchestration.publishing import DATABASE

SEEDS = DBT_PROJECT_DIR / "seeds"


def tracked_organizations(seeds: Path = SEEDS) -> list[str]:
    """Names on the Hub of the tracked organisations, by name."""
    rows = _rows(seeds / "organizations.csv")
    return sorted(row["org"] for row in rows if row["is_tracked"] == "true")


def modelscope_owners(seeds: Path = SEEDS) -> list[str]:
    """Names on ModelScope of the tracked organisations that are there, by name."""
    rows = _rows(seeds / "modelscope_organizations.csv")
    return sorted({row["modelscope_owner"] for row in rows})


def tracked_bases(home: Home) -> list[str]:
    """Tracked models by the last published build, the most downloaded first; [] before the first.

    From the published copy: the warehouse may be open for writing.
    """
    path = home.exports / DATABASE
    if not path.exists():
        return []
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """
            select model_id
            from dim_models
            where is_tracked and is_available and not contains(model_id, '@')
            order by downloads_all_time desc nulls last, model_id
            """
        ).fetchall()
    return [str(row[0]) for row in rows]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
