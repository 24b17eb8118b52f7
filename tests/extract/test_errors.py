"""What messages of libraries lose before they are shown."""

from __future__ import annotations

import pytest

from extract.errors import without_folders


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            'Could not write file "/home/me/state/warehouse.duckdb.tmp/part.tmp": No space left',
            'Could not write file "part.tmp": No space left',
        ),
        ("cannot open /mnt/data/x.parquet", "cannot open x.parquet"),
        ("see https://duckdb.org/docs/spill", "see https://duckdb.org/docs/spill"),
        ("models/adoption/x.sql and ../../state/y", "models/adoption/x.sql and ../../state/y"),
        ("Qwen/Qwen3-8B: 3 / 4 of it", "Qwen/Qwen3-8B: 3 / 4 of it"),
    ],
)
def test_files_keep_their_names_and_lose_where_they_lie(said: str, shown: str) -> None:
    assert without_folders(said) == shown
