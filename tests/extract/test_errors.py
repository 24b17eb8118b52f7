"""What messages of libraries lose before they are shown, and what to do about a disk."""

from __future__ import annotations

import errno
import os

import pytest

from extract.errors import HubtideError, disk_errors, without_folders


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


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EACCES, "let this user write there"),
        (errno.EROFS, "let this user write there"),
        (errno.ENOTDIR, "see what stands there"),
    ],
)
def test_what_cannot_be_written_says_what_to_do(number: int, remedy: str) -> None:
    with pytest.raises(HubtideError) as caught, disk_errors("files week", "week.csv"):
        raise OSError(number, os.strerror(number), "/home/me/state/week.csv")
    assert str(caught.value) == (
        f"files week: week.csv cannot be written ({os.strerror(number)}); {remedy} and run this "
        "again: what has landed is kept"
    )
