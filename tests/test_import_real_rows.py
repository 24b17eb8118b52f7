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


def test_sizes_agree_with_the_reviewed_part_of_the_atom_file(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Within 5 % wherever its note does not say "Legacy"; where it does, a difference is a row."""
    rows = warehouse.execute(
        """
        select
            models.model_id,
            atom.notes like '%Legacy%' as is_legacy,
            disagreements.subject is not null as is_listed
        from raw.tracked_models_parameters as atom
        inner join marts.dim_models as models on atom.model_id = models.model_id
        left join marts.source_disagreements as disagreements
            on
                models.model_id = disagreements.subject
                and disagreements.field = 'parameters_total'
                and disagreements.source_b like 'atom%'
        where abs(ln(models.parameters_total / (atom.total_params_b * 1e9))) > ln(1.05)
        """
    ).fetchall()
    assert [model for model, is_legacy, _ in rows if not is_legacy] == []
    assert [model for model, _, is_listed in rows if not is_listed] == []


def test_no_listed_model_is_lost(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every listed repository of the snapshot is tracked, tag or none, but for the seed's word."""
    lost = warehouse.execute(
        """
        select models.model_id, models.tracking_rule
        from raw.tracked_models_list as listed
        inner join marts.dim_models as models on listed.model_id = models.model_id
        where not models.is_tracked and models.tracking_rule <> 'seed_exclude'
        """
    ).fetchall()
    assert lost == []


def test_merges_keep_all_their_parents(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    snapshot = shared_data / "hub_stats" / "2026-05-20.parquet"
    stated = warehouse.execute(
        """
        select count(distinct id), count(distinct (id, lower(parent.id)))
        from (
            select id, unnest(baseModels.models) as parent
            from read_parquet(?)
            where baseModels.relation = 'merge'
        )
        """,
        [str(snapshot)],
    ).fetchall()
    kept = warehouse.execute(
        """
        select count(distinct child_id), count(*)
        from marts.lineage_edges
        where relation = 'merge'
        """
    ).fetchall()
    assert stated == kept == [(1116, 3731)]


def test_the_headline_is_of_real_data(real_run: Ran) -> None:
    assert "SYNTHETIC" not in real_run.stdout
    assert "Source: OpenRouter (openrouter.ai/rankings), as of " in real_run.stdout
