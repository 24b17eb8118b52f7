"""Exposures: each consumer is named with the marts that it reads."""

import re
from typing import Any

import pytest

from hubtide import headline, marts, model_story, organization_story
from hubtide.marts import open_marts
from tests.conftest import Ran


@pytest.fixture(scope="module")
def exposed(manifest: dict[str, Any]) -> dict[str, set[str]]:
    """Names of the marts that each exposure depends on."""
    return {
        exposure["name"]: {
            manifest["nodes"][unique_id]["name"] for unique_id in exposure["depends_on"]["nodes"]
        }
        for exposure in manifest["exposures"].values()
    }


def test_each_consumer_has_an_owner_a_purpose_and_marts_alone(
    manifest: dict[str, Any], exposed: dict[str, set[str]]
) -> None:
    assert set(exposed) == {
        "terminal", "dashboard", "published_files", "bi_server", "dataset_card",
    }  # fmt: skip
    for exposure in manifest["exposures"].values():
        assert exposure["owner"]["name"]
        assert exposure["description"]
        assert exposure["maturity"] in ("low", "medium", "high")
        for unique_id in exposure["depends_on"]["nodes"]:
            assert manifest["nodes"][unique_id]["schema"] == "marts"


def test_files_and_card_hold_every_mart(
    manifest: dict[str, Any], exposed: dict[str, set[str]]
) -> None:
    every = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    assert exposed["published_files"] == every
    assert exposed["dataset_card"] == every


def test_the_terminal_reads_what_its_exposure_says(
    exposed: dict[str, set[str]], sample_run: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    ask = marts._records

    def noted(connection: Any, query: str, parameters: Any = ()) -> list[dict[str, Any]]:
        # The parser takes no parameters; which tables are meant does not hang on them.
        statement = re.sub(r"\$\w+|\?", "null", query)
        read.update(name.rsplit(".", 1)[-1] for name in connection.get_table_names(statement))
        return ask(connection, query, parameters)

    monkeypatch.setattr(marts, "_records", noted)
    with open_marts(sample_run.home.exports / "marts.duckdb") as published:
        headline.headline_text(published)
        # A model and an organisation with rows in every part of their stories.
        model_story.story(published, "Qwen/Qwen3-8B")
        organization_story.story(published, "Qwen")
    assert read == exposed["terminal"]
