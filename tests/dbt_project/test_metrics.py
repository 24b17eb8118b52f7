"""Metrics that are defined once: MetricFlow's answers from the published file are the marts'."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.environment import DBT_PROJECT_DIR
from tests.conftest import PROJECT_ROOT, Ran, environment_for

MONTH, REGION = "metric_time__month", "model__region"

# What is asked, and the same from the marts. Columns follow each other as in the question: groups,
# then metrics.
QUESTIONS: dict[str, tuple[list[str], list[str], str]] = {
    "downloads by region": (
        ["downloads", "cumulative_downloads"],
        [MONTH, REGION],
        "select month, region, downloads, cumulative_downloads from region_downloads_monthly "
        "where population = 'tracked'",
    ),
    "downloads by organisation": (
        ["downloads"],
        [MONTH, "model__org"],
        "select month, org, downloads from org_downloads_monthly where population = 'tracked'",
    ),
    "downloads by size": (
        ["downloads"],
        [MONTH, "model__size_bucket"],
        "select month, size_bucket, downloads from bucket_downloads_monthly "
        "where population = 'tracked'",
    ),
    "shares of regions": (
        ["china_share_of_downloads", "us_share_of_downloads", "eu_share_of_downloads",
         "china_share_of_cumulative_downloads"],
        [MONTH],
        "select month, any_value(share) filter (region = 'china'), "
        "any_value(share) filter (region = 'us'), any_value(share) filter (region = 'eu'), "
        "any_value(cumulative_share) filter (region = 'china') "
        "from region_downloads_monthly where population = 'tracked' group by month",
    ),
    "cumulative downloads over all months are the last month's": (
        ["cumulative_downloads"],
        [REGION],
        "select region, cumulative_downloads from region_downloads_monthly "
        "where population = 'tracked' qualify month = max(month) over ()",
    ),
    "a model's score": (
        ["relative_adoption"],
        ["model", "adoption__horizon_days"],
        "select model_id, horizon_days, ram_median from relative_adoption",
    ),
    "models above the leaders": (
        ["models_with_score", "models_above_leaders", "share_above_leaders"],
        ["adoption__horizon_days"],
        "select horizon_days, count(ram_median), count(*) filter (ram_median > 1), "
        "count(*) filter (ram_median > 1) / nullif(count(ram_median), 0) "
        "from relative_adoption group by horizon_days",
    ),
    "tokens": (
        ["tokens"],
        [MONTH, "ranked_model__region"],
        "select month, region, tokens from inference_region_monthly",
    ),
    "share of tokens": (
        ["china_share_of_tokens"],
        [MONTH],
        "select month, share from inference_region_monthly where region = 'china'",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(
    sample_run: Ran, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """MetricFlow's answers, from a copy of the project: it writes beside it."""
    root = tmp_path_factory.mktemp("metrics")
    project = root / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    before = (sample_run.home.exports / "marts.duckdb").stat().st_mtime_ns
    done = subprocess.run(
        [sys.executable, "-m", "tests.dbt_project.metrics", str(project)],
        cwd=PROJECT_ROOT,
        env={
            **environment_for(sample_run.home.root),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET": "published",
            "DBT_LOG_PATH": str(root / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        input=json.dumps(
            [{"metrics": metrics, "group_by": groups} for metrics, groups, _ in QUESTIONS.values()]
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    # Readers leave the published file as it is.
    assert (sample_run.home.exports / "marts.duckdb").stat().st_mtime_ns == before
    return dict(zip(QUESTIONS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_metric_is_the_marts_figure(
    question: str, answers: dict[str, list[dict[str, Any]]], sample_run: Ran
) -> None:
    metrics, groups, query = QUESTIONS[question]
    with duckdb.connect(
        str((sample_run.home.exports / "marts.duckdb").resolve()), read_only=True
    ) as connection:
        expected = {
            tuple(str(value) for value in row[: len(groups)]): row[len(groups) :]
            for row in connection.execute(query).fetchall()
        }
    told = {
        tuple(
            str(row[name]).removesuffix("T00:00:00").removesuffix(" 00:00:00") for name in groups
        ): (tuple(row[name] for name in metrics))
        for row in answers[question]
    }
    assert told
    assert set(told) == set(expected)
    for key, values in expected.items():
        close = tuple(v if v is None else pytest.approx(v, rel=1e-12) for v in values)
        assert told[key] == close, key


def test_every_metric_is_asked_and_says_what_it_is(manifest: dict[str, Any]) -> None:
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    assert set(metrics) == {name for asked, _, _ in QUESTIONS.values() for name in asked}
    assert all(metric["description"] and metric["label"] for metric in metrics.values())
    # They stand on public tables alone, so that the published file answers.
    for model in manifest["semantic_models"].values():
        assert Path(model["original_file_path"]).parent == Path("models/semantic")
        for unique_id in model["depends_on"]["nodes"]:
            assert manifest["nodes"][unique_id]["schema"] == "marts"
