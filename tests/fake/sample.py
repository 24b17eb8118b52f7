"""The synthetic sample as the live services would show it on one of its days."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from extract.sources.sample import tokens, write
from extract.sources.sample.build import build_models
from extract.sources.sample.models import (
    FIRST_DAY,
    LAST_DAY,
    READ_DAYS,
    Model,
    day_index,
    day_of,
    make_oid,
)
from tests.fake.datasets import FakeDataset
from tests.fake.replies import Item
from tests.fake.server import FakeServices

# Organisations of the sample that publish on ModelScope too, and their names there.
MODELSCOPE_OWNERS = {
    "Qwen": "Qwen",
    "deepseek-ai": "deepseek-ai",
    "zai-org": "ZhipuAI",
    "internlm": "Shanghai_AI_Laboratory",
    "tencent": "Tencent-Hunyuan",
    "meta-llama": "LLM-Research",
}
GATED_ORGS = ("meta-llama", "google")
# hub-stats is committed in the night after a day; 12 hours earlier it was that day.
COMMIT_TIME = time(2, 10)


def sample_services(day: date = LAST_DAY, *, port: int = 0, snapshots: bool = True) -> FakeServices:
    """The four services as of a day of the sample, not yet started; takes some seconds.

    Lists of models follow `hub.day` when a test moves it; the other services are as of `day`.
    Any token is taken. Without `snapshots` the dataset hub-stats is not there. Raises ValueError
    for a day that the sample does not have.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"the sample has the days from {FIRST_DAY} to {LAST_DAY}, not {day}")
    models = build_models()
    services = FakeServices(port)
    services.hub.day = day
    services.hub.models_of = hub_items(models)
    services.hub.tokens = None
    services.hub.renames = renames(models, day)
    if snapshots:
        add_snapshots(services.hub.hub_stats, models, day)
    later = day > tokens.EARLIER_LAST
    services.openrouter.rankings = {
        str(past): dict(tokens.day_rows(past, restated=later))
        for past in tokens.days()
        if past <= day
    }
    services.openrouter.as_of = str(day + timedelta(days=1))
    services.openrouter.catalogue = catalogue(day)
    services.modelscope.models = modelscope_items(models, day)
    services.tracked.files = tracked_files(models)
    return services


# --- the Hub -------------------------------------------------------------------------------


def hub_items(models: Sequence[Model]) -> Callable[[date], list[Item]]:
    """What the Hub's API shows by day: names, counters and likes of that day, absent ones not.

    On days without a snapshot the API answers all the same.
    """
    rows: list[dict[str, Any]] = list(write._static_rows(models))

    @lru_cache(maxsize=8)
    def items(day: date) -> list[Item]:
        number = day_index(day)
        return [
            _item(models[row["idx"]], row, number)
            for row in rows
            if row["from_day"] <= number <= row["to_day"]
            and number < len(models[row["idx"]].counters)
            and models[row["idx"]].is_present(number)
        ]

    return items


def _item(model: Model, row: dict[str, Any], day: int) -> Item:
    """One model in the API's form; what it does not have is left out, as the Hub does."""
    count = model.counters[day]
    trailing = max(model.trailing[day], 0)
    created = model.created_at
    item: Item = {
        "_id": row["_id"] or make_oid(model.model_id),
        "id": row["id"],
        "author": row["id"].split("/")[0],
        "createdAt": _timestamp(created),
        "lastModified": _timestamp(max(created, datetime(2025, 2, 20, 9))),  # noqa: DTZ001
        "downloads": trailing,
        # Breaks the contract on the planted days: the loader must reject it.
        "downloadsAllTime": -1 if day in model.rejected_on else count,
        "likes": 1 + count // 20_000,
        "trendingScore": round(min(trailing / 1000, 500), 1),
        "gated": "manual" if model.org in GATED_ORGS else False,
        "private": False,
        "disabled": False,
        "tags": row["tags"],
        "cardData": json.loads(row["cardData"]),
    }
    optional = {
        "pipeline_tag": row["pipeline_tag"],
        "library_name": row["library_name"],
        "baseModels": row["baseModels"],
        "gguf": json.loads(row["gguf"]) if row["gguf"] else None,
        "safetensors": {"parameters": row["parameters"], "total": row["total"]}
        if row["parameters"]
        else None,
    }
    return item | {name: value for name, value in optional.items() if value is not None}


def _timestamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def renames(models: Sequence[Model], day: date) -> dict[str, str]:
    """The old names that redirect on a day."""
    return {
        earlier: model.model_id
        for model in models
        for last_day, earlier in model.earlier_names
        if day > day_of(last_day)
    }


def add_snapshots(dataset: FakeDataset, models: Sequence[Model], day: date) -> None:
    """Commits the sample's snapshots up to a day, and one commit that is none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hub_stats"
        write.write_hub_stats(folder, models)
        for number in READ_DAYS:
            snapshot = day_of(number)
            if snapshot > day:
                break
            moment = datetime.combine(snapshot + timedelta(days=1), COMMIT_TIME, UTC)
            if number == READ_DAYS[0]:
                words = {"README.md": b"SYNTHETIC snapshots.\n"}
                dataset.commit(moment - timedelta(hours=1), words, "Say what this is")
            content = (folder / f"{snapshot}.parquet").read_bytes()
            dataset.add_snapshot(moment, content, f"Snapshot of {snapshot}")


# --- the other services --------------------------------------------------------------------


def catalogue(day: date) -> list[Item]:
    """OpenRouter's catalogue on a day: what is announced by then."""
    end = datetime.combine(day, time.max, UTC).timestamp()
    return [
        entry
        for entry in tokens.catalogue_entries()
        if isinstance(created := entry["created"], int) and created <= end
    ]


def modelscope_items(models: Sequence[Model], day: date) -> list[Item]:
    """Some of the sample's models under their owners there, with SYNTHETIC cumulative counters."""
    number = day_index(day)
    return [
        _modelscope_item(model, number)
        for model in models
        if model.tracked and model.org in MODELSCOPE_OWNERS and model.is_present(number)
    ]


def _modelscope_item(model: Model, day: int) -> Item:
    # A share of the Hub's counter that is the model's own and stays: so it never falls.
    share = 20 + int(make_oid(f"modelscope {model.model_id}")[:8], 16) % 100
    downloads = model.counters[day] * share // 1000
    return {
        "id": f"{MODELSCOPE_OWNERS[model.org]}/{model.name}",
        "downloads": downloads,
        "likes": downloads // 50_000,
        "created_at": f"{model.created_at:%Y-%m-%dT%H:%M:%S}Z",
        "last_modified": f"{model.created_at:%Y-%m-%dT%H:%M:%S}Z",
        "license": "Apache License 2.0",
        "tags": [],
        "tasks": [model.pipeline_tag or "text-generation"],
        "file_size": 2 * sum(model.dtypes.values()),
    }


def tracked_files(models: Sequence[Model]) -> dict[str, str]:
    """The sample's tracked-models repository by path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write._write_tracked_models(folder, models)
        return {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.csv"))
        }
