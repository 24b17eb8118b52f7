"""The synthetic sample: the same every time, calibrated, and with its planted cases in place."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.sources import sample
from extract.sources.sample import catalogue, truth
from extract.sources.sample.models import MISSING_DAYS, READ_DAYS, at, day_of
from tests.once import sample_folder

MILLION = 1_000_000


@pytest.fixture(scope="module")
def folder() -> Path:
    return sample_folder()


@pytest.fixture(scope="module")
def planted(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return content


def snapshot(folder: Path, day: str) -> str:
    return str(folder / "hub_stats" / f"{day}.parquet")


def row_of(folder: Path, day: str, model_id: str) -> dict[str, Any] | None:
    relation = duckdb.connect().execute(
        "select * from read_parquet(?) where id = ?", [snapshot(folder, day), model_id]
    )
    names = [column[0] for column in relation.description or []]
    row = relation.fetchone()
    return dict(zip(names, row, strict=True)) if row is not None else None


def all_time(folder: Path, day: str, model_id: str) -> int:
    row = row_of(folder, day, model_id)
    assert row is not None, f"{model_id} is not in the snapshot of {day}"
    return int(row["downloadsAllTime"])


def cumulative(planted: dict[str, Any], kind: str, month: str) -> dict[str, int]:
    return {
        row["key"]: row["cumulative_downloads"]
        for row in planted["groups"]
        if row["population"] == "tracked" and row["kind"] == kind and row["month"] == month
    }


# --- the same every time -------------------------------------------------------------------


def content_hashes(directory: Path) -> dict[str, str]:
    """Hash of each file's bytes, of a Parquet file's rows."""
    hashes = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix != ".parquet":
            name = str(path.relative_to(directory))
            hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    # The file's name is a column, so a row in another day's file would change the hash.
    hashes["hub_stats"] = str(
        duckdb.connect()
        .execute(
            "select count(*), count(distinct filename), bit_xor(hash(f)) "
            "from read_parquet(?, filename = true, union_by_name = true) as f",
            [str(directory / "hub_stats" / "*.parquet")],
        )
        .fetchone()
    )
    return hashes


def test_another_run_gives_the_same_content(folder: Path, tmp_path: Path) -> None:
    again = shutil.copytree(folder, tmp_path / "import")
    before = content_hashes(again)
    sample.generate(again)
    assert content_hashes(again) == before
    assert len(before) > 8


def test_the_folder_marks_itself_as_synthetic(folder: Path, planted: dict[str, Any]) -> None:
    assert "SYNTHETIC" in (folder / "SYNTHETIC").read_text(encoding="utf-8")
    assert planted["data_kind"] == "synthetic"


def test_the_manifest_names_every_data_file(folder: Path) -> None:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    named = {row["file"] for row in rows}
    assert all((folder / name).is_file() for name in named)
    parts = ("hub_stats", "readings", "openrouter")
    present = {str(p.relative_to(folder)) for part in parts for p in (folder / part).iterdir()}
    assert named == present
    scopes = {row["scope"] for row in rows if row["file"].startswith("hub_stats/")}
    assert scopes == {"hub"}


# --- calibration to the published figures --------------------------------------------------


def test_totals_of_the_published_month_are_exact(planted: dict[str, Any]) -> None:
    march = "2026-03-01"
    assert cumulative(planted, "all", march) == {"all": 2_040 * MILLION}
    assert cumulative(planted, "region", march) == {
        "china": 1_150 * MILLION,
        "us": 723 * MILLION,
        "eu": 163 * MILLION,
        "other": 4 * MILLION,
    }
    orgs = cumulative(planted, "org", march)
    assert orgs == {org: total for org, (_, total) in catalogue.ORGANISATIONS.items()}
    assert orgs["Qwen"] == 942_100_000
    assert orgs["meta-llama"] == 476 * MILLION


def test_gpt_oss_since_its_release(folder: Path) -> None:
    since = sum(
        all_time(folder, "2026-03-31", name) - all_time(folder, "2025-08-04", name)
        for name in ("openai/gpt-oss-20b", "openai/gpt-oss-120b")
    )
    assert since == 79 * MILLION


def test_new_entrants_since_august(planted: dict[str, Any]) -> None:
    for org, since in catalogue.SINCE_2025_08.items():
        before = cumulative(planted, "org", "2025-07-01")[org]
        assert cumulative(planted, "org", "2026-03-01")[org] - before == since
    assert sum(catalogue.SINCE_2025_08.values()) == 56 * MILLION


def test_shares_of_buckets(planted: dict[str, Any]) -> None:
    buckets = cumulative(planted, "size_bucket", "2026-03-01")
    total = sum(buckets.values())
    assert total == 2_040 * MILLION
    assert buckets["7-9B"] / total == pytest.approx(0.338, abs=0.01)
    assert buckets["7-9B"] + buckets["1-5B"] > 1_400 * MILLION
    deepseek = sum(
        model["counter_published"]
        for model in planted["models"].values()
        if model["is_tracked"] and model["size_bucket"] == "250B+" and model["org"] == "deepseek-ai"
    )
    assert deepseek / buckets["250B+"] == pytest.approx(0.47, abs=0.01)


def test_growth_and_crossings(planted: dict[str, Any]) -> None:
    months = sorted({row["month"] for row in planted["groups"]})
    region = {month: cumulative(planted, "region", month) for month in months}
    org = {month: cumulative(planted, "org", month) for month in months}
    assert region["2025-06-01"]["china"] < region["2025-06-01"]["us"]
    assert region["2025-08-01"]["china"] > region["2025-08-01"]["us"]
    assert org["2025-08-01"]["Qwen"] < org["2025-08-01"]["meta-llama"]
    assert org["2025-09-01"]["Qwen"] > org["2025-09-01"]["meta-llama"]
    assert org["2025-09-01"]["Qwen"] == pytest.approx(325 * MILLION, rel=0.01)
    assert org["2025-12-01"]["deepseek-ai"] < org["2025-12-01"]["mistralai"]
    assert org["2026-02-01"]["deepseek-ai"] > org["2026-02-01"]["mistralai"]
    eu = [values["eu"] / sum(values.values()) for values in region.values()]
    assert eu == sorted(eu, reverse=True)
    assert eu[-1] < 0.1
    grown = sum(region["2026-03-01"].values()) / sum(region["2025-03-01"].values())
    assert grown == pytest.approx(6, abs=0.5)
    china = region["2026-03-01"]["china"] / region["2025-03-01"]["china"]
    assert china == pytest.approx(11.9, abs=0.2)


def test_qwen_in_february_against_the_next_eight(planted: dict[str, Any]) -> None:
    february = {
        row["key"]: row["downloads"]
        for row in planted["groups"]
        if row["population"] == "tracked" and row["kind"] == "org" and row["month"] == "2026-02-01"
    }
    ranked = sorted(february.values(), reverse=True)
    assert february["Qwen"] == ranked[0] == pytest.approx(153.6 * MILLION, rel=0.01)
    assert sum(ranked[1:9]) == pytest.approx(71.2 * MILLION, rel=0.25)


def test_references_exist_and_one_release_breaks_out(planted: dict[str, Any]) -> None:
    at_half_year = [row for row in planted["references"] if row["horizon_days"] == 180]
    for reference in ("reference_cutoff", "reference_cohort"):
        assert sum(row[reference] is not None for row in at_half_year) >= 3
    full = [row for row in planted["references"] if row["horizon_days"] == 7]
    assert sum(row["reference_median"] is not None for row in full) >= 3
    at_a_year = [row for row in planted["references"] if row["horizon_days"] == 365]
    assert any(row["reference_cutoff"] is not None for row in at_a_year)
    scores = {
        row["horizon_days"]: row["ram_median"]
        for row in planted["adoption"]
        if row["model_id"] == "openai/gpt-oss-120b"
    }
    assert scores[7] > 15
    assert scores[180] > 10


# --- planted cases -------------------------------------------------------------------------


def test_missing_snapshots(folder: Path, planted: dict[str, Any]) -> None:
    files = {path.stem for path in (folder / "hub_stats").iterdir()}
    assert files == {str(day_of(day)) for day in READ_DAYS}
    assert not files & set(planted["missing_days"])
    assert len(planted["missing_days"]) == len(MISSING_DAYS) == 10
    assert "2025-11-30" in planted["missing_days"]


def test_launch_follows_the_real_readings(folder: Path) -> None:
    days = [str(day_of(at("2025-08-04") + offset)) for offset in range(7)]
    counters = [all_time(folder, day, "openai/gpt-oss-120b") for day in days]
    assert counters == [2, 91_917, 267_725, 415_039, 665_513, 1_006_235, 1_373_584]


def test_spam_is_removed_in_sight_and_in_a_gap(folder: Path) -> None:
    name = "internlm/internlm2_5-7b-chat"
    assert all_time(folder, "2025-10-20", name) < all_time(folder, "2025-10-19", name)
    name = "microsoft/Phi-3-mini-4k-instruct"
    assert all_time(folder, "2025-09-13", name) < all_time(folder, "2025-09-07", name)


def test_counter_unchanged_for_weeks(folder: Path) -> None:
    name = "llm-jp/llm-jp-3-13b-instruct"
    assert all_time(folder, "2025-08-20", name) == all_time(folder, "2025-10-03", name)


def test_renames_with_and_without_oid(folder: Path) -> None:
    old = row_of(folder, "2025-07-09", "THUDM/GLM-4-9B-0414")
    new = row_of(folder, "2025-07-10", "zai-org/GLM-4-9B-0414")
    assert old is not None
    assert new is not None
    assert old["_id"] == new["_id"] is not None
    assert row_of(folder, "2025-07-10", "THUDM/GLM-4-9B-0414") is None
    old = row_of(folder, "2025-04-14", "CohereForAI/aya-expanse-8b")
    new = row_of(folder, "2025-04-15", "CohereLabs/aya-expanse-8b")
    assert old is not None
    assert new is not None
    assert old["_id"] is new["_id"] is None


def test_absence_return_and_vanishing(folder: Path, planted: dict[str, Any]) -> None:
    name = "openbmb/MiniCPM3-4B"
    assert row_of(folder, "2025-10-04", name) is not None
    assert row_of(folder, "2025-10-05", name) is None
    assert row_of(folder, "2025-10-17", name) is not None
    gone = planted["models"]["XiaomiMiMo/MiMo-7B-RL"]
    assert gone["last_reading_on"] == "2026-01-14"
    assert gone["is_available"] is False


def test_late_and_early_first_readings(planted: dict[str, Any]) -> None:
    late = planted["models"]["moonshotai/Kimi-K2.5"]
    assert (late["created_on"], late["first_reading_on"]) == ("2026-01-01", "2026-01-27")
    assert late["downloads_before_history"] > 0
    soon = planted["models"]["moonshotai/Kimi-K2-Thinking"]
    assert (soon["created_on"], soon["first_reading_on"]) == ("2025-11-04", "2025-11-06")
    assert soon["downloads_before_history"] == 0


def test_one_record_breaks_the_contract(folder: Path, planted: dict[str, Any]) -> None:
    found = (
        duckdb.connect()
        .execute(
            "select id, count(*) from read_parquet(?, union_by_name = true) "
            'where "downloadsAllTime" < 0 or downloads < 0 or likes < 0 group by id',
            [str(folder / "hub_stats" / "*.parquet")],
        )
        .fetchall()
    )
    assert found == [("google/gemma-2-9b-it", 1)]
    assert planted["rejects"] == 1


def test_a_name_comes_back_with_another_oid(folder: Path, planted: dict[str, Any]) -> None:
    name = "mini-forge/pocket-chat-1b"
    first = row_of(folder, "2025-12-20", name)
    second = row_of(folder, "2026-01-10", name)
    assert first is not None
    assert second is not None
    assert first["_id"] != second["_id"]
    assert {name, f"{name}@{first['_id']}"} <= planted["models"].keys()


def test_packed_and_untagged_repositories(folder: Path, planted: dict[str, Any]) -> None:
    packed = "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4"
    row = row_of(folder, "2026-04-02", packed)
    assert row is not None
    assert row["safetensors"]["total"] < 100e9 < planted["models"][packed]["parameters_total"]
    assert planted["models"][packed]["size_bucket"] == "100-250B"
    untagged = row_of(folder, "2026-04-02", "mistralai/Mistral-Small-3.2-24B-Instruct-2506")
    assert untagged is not None
    assert untagged["pipeline_tag"] is None
    assert untagged["library_name"] == "vllm"


def test_lineage_cases(planted: dict[str, Any]) -> None:
    edges = planted["lineage"]["edges"]
    assert {edge["parent_status"] for edge in edges} == {"loaded", "not_loaded", "unresolved"}
    assert {edge["relation"] for edge in edges} == {
        "finetune", "adapter", "quantized", "merge", "unspecified",
    }  # fmt: skip
    assert sum(edge["in_cycle"] for edge in edges) == 5
    assert sum(edge["is_self"] for edge in edges) == 1
    roots: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in planted["lineage"]["roots"]:
        roots[row["model_id"]][row["root_id"]] = (row["roots"], row["depth"])
    lab = "lineage-lab"
    assert roots[f"{lab}/diamond-merge-8b"] == {"Qwen/Qwen3-8B-Base": (1, 2)}
    assert roots[f"{lab}/chain-6"] == {"Qwen/Qwen3-4B-Base": (1, 6)}
    assert roots[f"{lab}/ring-child"] == {f"cycle:{lab}/ring-a": (1, 1)}
    assert roots[f"{lab}/loop-b"] == {"Qwen/Qwen3-0.6B-Base": (1, 2)}
    assert roots[f"{lab}/self-edge"] == {f"{lab}/self-edge": (1, 0)}
    assert {count for count, _ in roots[f"{lab}/merge-four-8b"].values()} == {3}
    assert roots[f"{lab}/of-renamed-parent"] == {"zai-org/GLM-4-9B-0414": (1, 1)}
    ancestors = {row["model_id"] for row in planted["lineage"]["closure"]}
    assert f"{lab}/self-edge" not in ancestors


def test_derivatives_follow_the_published_shares(planted: dict[str, Any]) -> None:
    models = planted["models"]
    orgs: dict[str, list[str]] = defaultdict(list)
    for edge in planted["lineage"]["edges"]:
        base = models.get(edge["parent_id"])
        if base is not None and base["is_tracked"] and not edge["is_first_party"]:
            orgs[models[edge["child_id"]]["created_on"][:7]].append(base["org"])
    february = orgs["2026-02"]
    assert february.count("Qwen") / len(february) == pytest.approx(0.69, abs=0.02)
    europe = sum(catalogue.ORGANISATIONS[org][0] == "eu" for org in february)
    assert europe / len(february) == pytest.approx(0.04, abs=0.01)
    january = orgs["2024-01"]
    assert january.count("mistralai") / len(january) == pytest.approx(0.58, abs=0.02)


def test_rankings_have_fifty_models_variants_and_restatements(folder: Path) -> None:
    by_day: dict[tuple[str, str], list[str]] = defaultdict(list)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in sorted((folder / "openrouter").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                by_day[path.name, row["date"]].append(row["model_permaslug"])
                values[row["date"], row["model_permaslug"]].add(row["total_tokens"])
    assert len({day for _, day in by_day}) == 90
    assert max(len(slugs) for slugs in by_day.values()) == 51
    assert all(slugs[-1] == "other" for slugs in by_day.values())
    assert any(slug.endswith(":free") for slugs in by_day.values() for slug in slugs)
    restated = {day for (day, _), found in values.items() if len(found) > 1}
    assert restated == {"2026-02-26", "2026-02-27"}
    entries = json.loads((folder / "openrouter" / "models.json").read_text(encoding="utf-8"))
    names = [entry["hugging_face_id"] for entry in entries["data"]]
    assert 0.4 < sum(name != "" for name in names) / len(names) < 0.7


def test_the_readings_file_has_a_model_of_its_own(folder: Path, planted: dict[str, Any]) -> None:
    with gzip.open(folder / "readings" / "trailing_30d.csv.gz", "rt", encoding="utf-8") as file:
        names = {row["model_id"] for row in csv.DictReader(file)}
    assert planted["file_only_model"] in names
    assert planted["file_only_model"] not in planted["models"]
    assert "meta-llama/llama-3.1-8b-instruct" in names


def test_the_atom_layout_covers_a_part_and_disagrees(folder: Path) -> None:
    root = folder / "tracked-models"
    listed = (root / "models.csv").read_text(encoding="utf-8").splitlines()
    assert listed[0] == "org,model,modelId"
    assert (
        50 < len(listed) < sum(line[0] not in "[" for line in catalogue.TRACKED.split("\n")[1:-1])
    )
    corrections = root / "metadata" / "release_date_corrections.csv"
    lines = corrections.read_text(encoding="utf-8").splitlines()
    assert [line[0] for line in lines[:3]] == ["#", "#", "#"]
    assert lines[3] == "model_id,hf_created_at,actual_release_date,notes"
    sizes = (root / "metadata" / "model_parameters.csv").read_text(encoding="utf-8")
    assert "zai-org/GLM-4.5,9.0" in sizes


# --- the rules of the truth, by hand -------------------------------------------------------


def test_gaps_are_interpolated_by_whole_numbers() -> None:
    history = truth.settle([(-5, 10), (-1, 20)], created_day=-100)
    # 10 + floor(10 * k / 4)
    assert history.counters == [10, 12, 15, 17, 20]
    assert history.observed == [True, False, False, False, True]
    assert history.before == 10


def test_a_fall_is_held_and_booked_on_the_lower_reading() -> None:
    history = truth.settle([(0, 10), (3, 4)], created_day=-1)
    assert history.counters == [10, 10, 10, 4]


def test_a_first_reading_within_a_week_starts_at_zero() -> None:
    history = truth.settle([(12, 9)], created_day=10)
    assert history.start == 9
    assert history.counters == [0, 3, 6, 9]
    late = truth.settle([(18, 9)], created_day=10)
    assert (late.start, late.before) == (18, 9)


def test_gap_around_a_day_is_the_distance_of_its_readings() -> None:
    history = truth.settle([(10, 1), (16, 7), (17, 8)], created_day=-1)
    assert history.gap_around(12) == 6
    assert history.gap_around(16) == 0
