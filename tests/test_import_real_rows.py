"""The real rows, from files to published tables; skipped where they are not at hand."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Ran


@pytest.fixture(scope="module")
def warehouse(real_run: Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(real_run.home.warehouse), read_only=True) as connection:
        yield connection


def test_the_ledger_counts_every_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        """
        select source, sum(rows_read), sum(rows_stored + rows_unchanged + rows_rejected)
        from raw.loads
        where status = 'loaded' and source <> 'tracked_models'
        group by source
        """
    ).fetchall()
    assert {source: (int(read), int(kept)) for source, read, kept in rows} == {
        "hub_stats": (4167, 4167),
        "files": (42038, 42038),
        "openrouter": (4590, 4590),
    }


@pytest.mark.parametrize(
    ("mart", "key"),
    [
        ("region_downloads_monthly", "region"),
        ("org_downloads_monthly", "org"),
        ("bucket_downloads_monthly", "size_bucket"),
    ],
)
def test_cumulative_downloads_agree_with_the_file_to_the_unit(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path, mart: str, key: str
) -> None:
    """Groups of tracked models, against a direct sum over the snapshot's all-time counters."""
    snapshot = shared_data / "hub_stats" / "2026-05-20.parquet"
    expected = warehouse.execute(
        f"""
        with snapshot as (
            select
                coalesce(
                    renamed.model_id,
                    moved.org || '/' || split_part(file.id, '/', 2),
                    file.id
                ) as model_id,
                file.downloadsAllTime as downloads
            from read_parquet(?) as file
            left join seeds.model_aliases as renamed on file.id = renamed.alias_model_id
            left join seeds.organization_aliases as moved on file.author = moved.alias_org
        )

        select models.{key}, sum(snapshot.downloads)::bigint
        from snapshot
        inner join marts.dim_models as models on snapshot.model_id = models.model_id
        where models.is_tracked
        group by models.{key}
        having sum(snapshot.downloads) > 0
        """,
        [str(snapshot)],
    ).fetchall()
    found = warehouse.execute(
        f"""
        select {key}, cumulative_downloads
        from marts.{mart}
        where population = 'tracked' and month = date '2026-05-01' and cumulative_downloads > 0
        """
    ).fetchall()
    assert len(expected) > 1
    assert dict(found) == dict(expected)


def test_tokens_agree_with_the_file(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    path = shared_data / "openrouter" / "rankings_daily_2026-05-24_2026-08-21.csv"
    expected = warehouse.execute(
        "select count(*), sum(total_tokens::bigint)::hugeint from read_csv(?)", [str(path)]
    ).fetchall()
    found = warehouse.execute(
        "select count(*), sum(tokens)::hugeint from marts.inference_daily"
    ).fetchall()
    assert found == expected


def test_the_headline_is_of_real_data(real_run: Ran) -> None:
    assert "SYNTHETIC" not in real_run.stdout
    assert "Source: OpenRouter (openrouter.ai/rankings), as of " in real_run.stdout
