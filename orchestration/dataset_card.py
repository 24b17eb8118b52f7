"""The dataset card of a build: what the Hugging Face Hub shows of a dataset, as a README.

The card says what the build is, so that its folder can be published as it stands (docs/bi.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dictionary import environment

CARD = "DATASET_CARD.md"

# Shown first on the Hub: the table that answers who leads.
DEFAULT_CONFIG = "region_downloads_monthly"

# The Hub's own categories: an upper bound of rows, and its name.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)


def size_category(rows: int) -> str:
    """The Hub's category of a dataset of so many rows in all."""
    return next((name for limit, name in _SIZES if rows < limit), "1B<n<10B")


def dataset_card(
    content: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], database: Path
) -> str:
    """The card: YAML for the Hub, then text. `content` is the build's dictionary.

    A table without rows is no configuration, because the Hub cannot show one; it is in the list.
    """
    configs = [table["name"] for table in content["tables"] if table["rows"]]
    template = environment().get_template("dataset_card.md.j2")
    return template.render(
        build=content["build"],
        tables=content["tables"],
        configs=configs,
        default=DEFAULT_CONFIG if DEFAULT_CONFIG in configs else configs[0],
        size=size_category(sum(table["rows"] for table in content["tables"])),
        sources=sources,
        unread=_unread_days(content, database),
    )


def _unread_days(content: Mapping[str, Any], database: Path) -> list[tuple[str, str, int]]:
    """Days that a source should have and has not: source, status, number of days."""
    if not any(table["name"] == "coverage_daily" for table in content["tables"]):
        return []
    with duckdb.connect(str(database.resolve()), read_only=True) as connection:
        return [
            (str(source), str(status), int(days))
            for source, status, days in connection.execute(
                """
                select source, status, count(distinct day)
                from coverage_daily
                where status in ('missing', 'unrecoverable')
                group by source, status
                order by source, status
                """
            ).fetchall()
        ]
