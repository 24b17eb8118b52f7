"""The whole pipeline on the sample: the marts against the planted truth, to the unit.

The truth is worked out in plain Python by the generator (extract/sources/sample/truth.py), never
by SQL. `sample_home` runs the pipeline once for the whole session.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from extract.sources.sample import catalogue, truth
from extract.sources.sample.build import build_models

SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"
RATIO_TOLERANCE = 1e-9  # double precision over sums of at most 2**53

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def planted(sample_home: Home) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (sample_home.imports / "truth.json").read_text(encoding="utf-8")
    )
    return content


@pytest.fixture(scope="module")
def warehouse(sample_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        yield connection


def fetch(warehouse: duckdb.DuckDBPyConnection, query: str) -> Rows:
    relation = warehouse.execute(query)
    names = [column[0] for column in relation.description or []]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def keyed(rows: Rows, *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by their key, which must be a key; dates and months as ISO text."""
    result: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] if isinstance(row[name], int) else str(row[name]) for name in names)
        assert key not in result, f"{key} stands twice"
        result[key] = row
    return result


def differences(
    expected: Mapping[Any, Mapping[str, Any]],
    found: Mapping[Any, Mapping[str, Any]],
    *names: str,
) -> list[str]:
    """One line for each missing key and each value that differs from the truth."""
    lines = []
    for key, row in expected.items():
        if key not in found:
            lines.append(f"{key}: no row")
            continue
        for name in names:
            value = found[key][name]
            same = value == row[name] or (row[name] is not None and str(value) == str(row[name]))
            if not same:
                lines.append(f"{key}: {name} is {value}, planted {row[name]}")
    return lines


def check(lines: list[str]) -> None:
    assert not lines, f"{len(lines)} differences, the first: " + "; ".join(lines[:8])


# --- what it is ----------------------------------------------------------------------------


def test_about_says_synthetic(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    (about,) = fetch(warehouse, "select data_kind, as_of from marts.about")
    assert about["data_kind"] == "synthetic"
    assert str(about["as_of"]) == planted["as_of"]


def test_rejects_and_unknown_columns(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    rejects = fetch(warehouse, "select source, partition, payload from raw.rejects")
    assert len(rejects) == planted["rejects"]
    assert "google/gemma-2-9b-it" in rejects[0]["payload"]
    names = fetch(
        warehouse, "select column_name from raw.unknown_columns where source = 'hub_stats'"
    )
    assert [row["column_name"] for row in names] == ["xet_enabled"]


def test_every_snapshot_is_loaded(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    (row,) = fetch(
        warehouse,
        "select count(*) as loads, bool_and(is_synthetic) as synthetic from raw.loads "
        "where source = 'hub_stats' and status = 'loaded'",
    )
    assert (row["loads"], row["synthetic"]) == (planted["snapshots"], True)


# --- models --------------------------------------------------------------------------------


def dim_models(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], dict[str, Any]]:
    return keyed(fetch(warehouse, "select * from marts.dim_models"), "model_id")


def test_models_and_their_readings(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    expected = {(name,): row for name, row in planted["models"].items()}
    names = (
        "hub_id", "org", "is_available", "first_reading_on", "last_reading_on",
        "downloads_before_history", "downloads_all_time",
    )  # fmt: skip
    check(differences(expected, dim_models(warehouse), *names))


def test_tracked_models_their_region_size_and_bucket(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    found = dim_models(warehouse)
    expected = {(name,): row for name, row in planted["models"].items() if row["is_tracked"]}
    tracked = {name for (name,), row in found.items() if row["is_tracked"]}
    assert tracked == {name for (name,) in expected} | {planted["file_only_model"]}
    check(differences(expected, found, "region", "size_bucket"))


def test_names_that_were_never_models_of_their_own(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = {name for (name,) in dim_models(warehouse)}
    former = {name for name in found if name.startswith(("THUDM/", "CohereForAI/"))}
    assert not former
    by_case = defaultdict(list)
    for name in found:
        by_case[name.lower()].append(name)
    assert [names for names in by_case.values() if len(names) > 1] == []


def test_an_unknown_organisation_has_an_unknown_region(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    for row in dim_models(warehouse).values():
        if row["org"] in planted["unknown_region_orgs"]:
            assert row["region"] == "unknown"
            assert row["is_tracked"] is False


def test_releases_group_precision_copies(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    found = dim_models(warehouse)

    def groups(release_of: dict[str, str]) -> set[frozenset[str]]:
        members: dict[str, set[str]] = defaultdict(set)
        for name, release in release_of.items():
            members[release].add(name)
        return {frozenset(names) for names in members.values()}

    tracked = {name: row for name, row in planted["models"].items() if row["is_tracked"]}
    assert groups({name: found[name,]["release_id"] for name in tracked}) == groups(
        {name: row["release_id"] for name, row in tracked.items()}
    )


def test_release_dates_of_the_atom_files_and_the_seed(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = dim_models(warehouse)
    for name, released in corrections().items():
        if (name,) in found and found[name,]["is_tracked"]:
            assert str(found[name,]["released_on"]) == released, name


# --- downloads -----------------------------------------------------------------------------


def planted_months(
    planted: dict[str, Any], *, carried: bool, tracked: bool = False
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The planted months with days before the last reading, or those wholly after it."""
    models = planted["models"]
    rows = [
        row
        for row in planted["months"]
        if carried == (row["month"] > models[row["model_id"]]["last_reading_on"])
        and (models[row["model_id"]]["is_tracked"] or not tracked)
    ]
    return keyed(rows, "month", "model_id")


def test_daily_downloads_sum_to_the_months(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    found = keyed(
        fetch(
            warehouse,
            """
            select
                date_trunc('month', day)::date as month,
                model_id,
                coalesce(sum(downloads), 0)::bigint as downloads,
                coalesce(sum(adjustment), 0)::bigint as adjustment
            from marts.fct_model_downloads_daily
            group by all
            """,
        ),
        "month",
        "model_id",
    )
    # A model first read on the last day of a month has no downloads there, and may have no row.
    months = planted_months(planted, carried=False, tracked=True)
    expected = {key: row for key, row in months.items() if row["downloads"] or row["adjustment"]}
    check(differences(expected, found, "downloads", "adjustment"))
    total = sum(row["downloads"] for row in found.values())
    assert total == sum(row["downloads"] for row in months.values())


def test_monthly_downloads_of_models(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    rows = fetch(warehouse, "select * from marts.model_downloads_monthly")
    found = keyed(rows, "month", "model_id")
    names = ("downloads", "adjustment", "cumulative_downloads")
    check(differences(planted_months(planted, carried=False), found, *names))
    carried = planted_months(planted, carried=True)
    after = {key: row for key, row in carried.items() if key in found}
    check(differences(after, found, "cumulative_downloads"))


def test_days_observed_and_interpolated(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    rows = fetch(warehouse, "select * from marts.model_downloads_monthly")
    names = ("days_observed", "days_interpolated")
    expected = planted_months(planted, carried=False)
    check(differences(expected, keyed(rows, "month", "model_id"), *names))


@pytest.mark.parametrize(
    ("mart", "kind", "column"),
    [
        ("region_downloads_monthly", "region", "region"),
        ("org_downloads_monthly", "org", "org"),
        ("bucket_downloads_monthly", "size_bucket", "size_bucket"),
    ],
)
def test_monthly_downloads_of_groups(
    warehouse: duckdb.DuckDBPyConnection,
    planted: dict[str, Any],
    mart: str,
    kind: str,
    column: str,
) -> None:
    found = keyed(
        fetch(warehouse, f"select * from marts.{mart} where population = 'tracked'"),
        "month",
        column,
    )
    rows = [
        {**row, column: row["key"]}
        for row in planted["groups"]
        if row["population"] == "tracked" and row["kind"] == kind
    ]
    names = ("downloads", "adjustment", "cumulative_downloads", "models_carried", "newly_covered")
    check(differences(keyed(rows, "month", column), found, *names))
    shares: dict[str, float] = defaultdict(float)
    for (month, _), row in found.items():
        shares[month] += row["cumulative_share"]
    assert all(share == pytest.approx(1, abs=RATIO_TOLERANCE) for share in shares.values())


def test_the_whole_hub(warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]) -> None:
    found = keyed(
        fetch(
            warehouse,
            """
            select
                month,
                sum(downloads)::bigint as downloads,
                sum(adjustment)::bigint as adjustment,
                sum(cumulative_downloads)::bigint as cumulative_downloads
            from marts.region_downloads_monthly
            where population = 'hub'
            group by all
            """,
        ),
        "month",
    )
    rows = [row for row in planted["groups"] if row["population"] == "hub"]
    names = ("downloads", "adjustment", "cumulative_downloads")
    check(differences(keyed(rows, "month"), found, *names))


def test_counters_are_before_history_plus_downloads_plus_adjustments(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    rows = fetch(
        warehouse,
        """
        select
            model_id,
            coalesce(sum(downloads), 0)::bigint as downloads,
            coalesce(sum(adjustment), 0)::bigint as adjustment
        from marts.model_downloads_monthly
        group by all
        """,
    )
    for row in rows:
        model = planted["models"][row["model_id"]]
        change = model["downloads_all_time"] - model["downloads_before_history"]
        assert row["downloads"] + row["adjustment"] == change, row["model_id"]


def test_missing_days_are_interpolated_never_zero(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    statuses = fetch(
        warehouse,
        "select distinct counter_status from marts.fct_model_downloads_daily "
        f"where day in ({', '.join(repr(day) for day in planted['missing_days'])}) "
        "and model_id = 'Qwen/Qwen3-8B'",
    )
    assert [row["counter_status"] for row in statuses] == ["interpolated"]
    days = fetch(
        warehouse,
        "select day_status, downloads from marts.fct_model_downloads_daily "
        "where model_id = 'XiaomiMiMo/MiMo-7B-RL' and day > '2026-01-14'",
    )
    assert all(row["day_status"] == "missing" and row["downloads"] is None for row in days)


def test_spam_is_booked_on_the_day_of_the_lower_reading(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = fetch(
        warehouse,
        "select model_id, day, adjustment from marts.fct_model_downloads_daily "
        "where adjustment < 0 order by model_id",
    )
    assert [(row["model_id"], str(row["day"])) for row in rows] == [
        ("internlm/internlm2_5-7b-chat", "2025-10-20"),
        ("microsoft/Phi-3-mini-4k-instruct", "2025-09-13"),
    ]


def test_a_counter_that_stands_still_is_observed(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = fetch(
        warehouse,
        "select day_status, downloads from marts.fct_model_downloads_daily "
        "where model_id = 'llm-jp/llm-jp-3-13b-instruct' "
        "and day between '2025-08-25' and '2025-09-05'",
    )
    assert len(rows) == 12
    assert {(row["day_status"], row["downloads"]) for row in rows} == {("observed", 0)}


# --- adoption ------------------------------------------------------------------------------


def corrections() -> dict[str, str]:
    """Release dates as the warehouse should use them: the seed's, then the ATOM files'."""
    with (SEEDS / "release_date_corrections.csv").open(encoding="utf-8") as file:
        seed = {row["model_id"]: row["released_on"] for row in csv.DictReader(file)}
    return {**catalogue.RELEASE_DATES, **seed}


@pytest.fixture(scope="module")
def adoption() -> tuple[Rows, Rows]:
    """The planted adoption, with the release dates that the seeds know by now."""
    models = build_models()
    histories = {model.key: truth.history_of(model) for model in models}
    return truth.adoption(models, histories, corrections())


def relative_adoption(
    warehouse: duckdb.DuckDBPyConnection,
) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = fetch(warehouse, "select * from marts.relative_adoption")
    return keyed(rows, "model_id", "horizon_days")


def test_counts_at_the_horizons(
    warehouse: duckdb.DuckDBPyConnection, adoption: tuple[Rows, Rows]
) -> None:
    rows, _ = adoption
    found = relative_adoption(warehouse)
    known = [row for row in rows if row["cumulative_downloads"] is not None]
    names = ("size_bucket", "cumulative_downloads", "is_wide_gap")
    check(differences(keyed(known, "model_id", "horizon_days"), found, *names))
    expected = {(row["model_id"], row["horizon_days"]) for row in known}
    more = [
        key
        for key, row in found.items()
        if row["cumulative_downloads"] is not None and key not in expected
    ]
    assert more == []


def test_counts_from_an_interpolated_counter_say_so(
    warehouse: duckdb.DuckDBPyConnection, adoption: tuple[Rows, Rows]
) -> None:
    """C is a difference of two counters: interpolated if either of them is."""
    rows, _ = adoption
    known = keyed(
        [row for row in rows if row["cumulative_downloads"] is not None],
        "model_id",
        "horizon_days",
    )
    check(differences(known, relative_adoption(warehouse), "is_interpolated"))


def test_scores_ranks_and_membership(
    warehouse: duckdb.DuckDBPyConnection, adoption: tuple[Rows, Rows]
) -> None:
    rows, _ = adoption
    found = relative_adoption(warehouse)
    lines = []
    for row in rows:
        if row["rank_in_bucket"] is None:
            continue  # unknown, or across a wide gap: shown without a place
        key = (row["model_id"], row["horizon_days"])
        for name in ("ram_median", "ram_cutoff", "ram_cohort"):
            value, wanted = found[key][name], row[name]
            same = value is None if wanted is None else value is not None
            if not same or (wanted and value != pytest.approx(wanted, rel=RATIO_TOLERANCE)):
                lines.append(f"{key}: {name} is {value}, planted {wanted}")
        lines += [
            f"{key}: {name} is {found[key][name]}, planted {row[name]}"
            for name in ("rank_in_bucket", "in_reference")
            if found[key][name] != row[name]
        ]
    check(lines)


def test_references(warehouse: duckdb.DuckDBPyConnection, adoption: tuple[Rows, Rows]) -> None:
    _, references = adoption
    by_key = {(row["size_bucket"], row["horizon_days"]): row for row in references}
    names = (
        "reference_median", "reference_median_models", "reference_cutoff",
        "reference_cutoff_raw", "reference_cutoff_models",
    )  # fmt: skip
    lines = []
    for key, row in relative_adoption(warehouse).items():
        if row["cumulative_downloads"] is None or row["size_bucket"] == "unknown":
            continue
        reference = by_key[row["size_bucket"], row["horizon_days"]]
        lines += [
            f"{key}: {name} is {row[name]}, planted {reference[name]}"
            for name in names
            if row[name] != reference[name]
        ]
    check(lines)


def test_a_model_without_an_all_time_counter(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    found = relative_adoption(warehouse)
    row = found[planted["file_only_model"], 7]
    assert (row["cumulative_downloads"], row["basis"]) == (640, "trailing_30d")


# --- lineage -------------------------------------------------------------------------------


def test_edges(warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]) -> None:
    key = ("child_id", "parent_id", "relation")
    found = keyed(fetch(warehouse, "select * from marts.lineage_edges"), *key)
    expected = keyed(planted["lineage"]["edges"], *key)
    assert found.keys() == expected.keys()
    names = ("parent_status", "is_dangling", "is_self", "in_cycle", "is_first_party")
    check(differences(expected, found, *names))


def test_closure(warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]) -> None:
    key = ("model_id", "ancestor_id")
    rows = fetch(warehouse, "select * from marts.lineage_closure")
    loaded = [row for row in rows if row["model_id"] in planted["models"]]
    found = keyed(loaded, *key)
    expected = keyed(planted["lineage"]["closure"], *key)
    assert found.keys() == expected.keys()
    check(differences(expected, found, "depth"))


def test_roots(warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]) -> None:
    key = ("model_id", "root_id")
    rows = fetch(warehouse, "select * from marts.lineage_roots")
    found = keyed([row for row in rows if row["model_id"] in planted["models"]], *key)
    expected = keyed(planted["lineage"]["roots"], *key)
    assert found.keys() == expected.keys()
    check(differences(expected, found, "depth", "root_is_provisional"))
    for name, row in expected.items():
        assert float(found[name]["weight"]) == pytest.approx(1 / row["roots"], abs=1e-9), name


# --- inference -----------------------------------------------------------------------------


def test_tokens_by_day_and_model(
    warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]
) -> None:
    found = keyed(
        fetch(
            warehouse,
            """
            select day, coalesce(base_slug, model_permaslug) as base_slug, sum(tokens) as tokens
            from marts.inference_daily
            group by all
            """,
        ),
        "day",
        "base_slug",
    )
    expected = keyed(planted["tokens"], "day", "base_slug")
    assert found.keys() == expected.keys()
    check(differences(expected, found, "tokens"))


def test_catalogue_matches(warehouse: duckdb.DuckDBPyConnection, planted: dict[str, Any]) -> None:
    rows = fetch(
        warehouse, "select distinct base_slug, model_id, match_basis from marts.inference_daily"
    )
    found = {row["base_slug"]: row for row in rows}
    for slug, repository in planted["token_models"].items():
        # A repository's old name in the catalogue leads to today's.
        name = repository.replace("meta-llama/Meta-Llama-3.1-", "meta-llama/Llama-3.1-")
        if name in planted["models"]:
            assert (found[slug]["model_id"], found[slug]["match_basis"]) == (name, "catalogue")
