"""A small hub whose counters grow day by day, and all services as of one of its days."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from orchestration.seeds import modelscope_owners, tracked_organizations
from tests.fake.server import FakeServices

FIRST_DAY = date(2026, 3, 10)
# What happens on the way: a model is made, one is renamed, one is removed.
MADE_ON, RENAMED_ON, REMOVED_ON = (FIRST_DAY + timedelta(days=days) for days in (1, 2, 3))


class Hub:
    """Three models a tracked organisation and some derivatives, with counters that grow."""

    def __init__(self) -> None:
        self.organizations = tracked_organizations()

    def models(self, day: date) -> list[dict[str, Any]]:
        age = (day - FIRST_DAY).days
        found = [
            self._record(number * 10 + place, f"{org}/base-{place}-7B", age)
            for number, org in enumerate(self.organizations)
            for place in range(3)
        ]
        qwen = self.organizations.index("Qwen") * 10
        if day >= MADE_ON:
            found.append(self._record(qwen + 7, "Qwen/late-14B", age, created=MADE_ON))
        if day >= REMOVED_ON:
            found = [model for model in found if model["id"] != "openai/base-2-7B"]
        for model in found:
            if day >= RENAMED_ON and model["id"] == "google/base-1-7B":
                model["id"] = "google/renamed-7B"
        parent = next(model for model in found if model["_id"] == _oid(qwen))
        for number in range(4):
            derivative = self._record(9000 + number, f"someone/tuned-{number}", age)
            derivative["tags"] += [f"base_model:{parent['id']}"]
            derivative["baseModels"] = {
                "relation": "finetune",
                "models": [{"_id": parent["_id"], "id": parent["id"]}],
            }
            found.append(derivative)
        return found

    def _record(
        self, number: int, name: str, age: int, created: date = date(2025, 6, 1)
    ) -> dict[str, Any]:
        days_old = age if created < FIRST_DAY else age - (created - FIRST_DAY).days + 1
        rate = 100 + number % 83
        past = 10_000 + number if created < FIRST_DAY else 0
        return {
            "_id": _oid(number),
            "id": name,
            "author": name.split("/")[0],
            "createdAt": _timestamp(created),
            "lastModified": _timestamp(created),
            "downloads": rate * 30,
            "downloadsAllTime": past + rate * days_old,
            "likes": number,
            "trendingScore": 0,
            "tags": ["license:apache-2.0"],
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "safetensors": {"parameters": {"BF16": 7_000_000_000}, "total": 7_000_000_000},
            "gated": False,
            "disabled": False,
        }


def _oid(number: int) -> str:
    return f"{number + 1:024x}"


def _timestamp(day: date) -> str:
    return datetime.combine(day, time(9), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@contextlib.contextmanager
def services_on(day: date) -> Iterator[FakeServices]:
    """All services as of a day."""
    hub = Hub()
    with FakeServices() as fake:
        fake.hub.day = day
        fake.hub.models_of = hub.models
        # From the end of a month that is over on the first day.
        fake.openrouter.rankings = {
            str(past): {"qwen/base-0": 1000 + past.day, "other": 500}
            for past in (FIRST_DAY + timedelta(days=offset) for offset in range(-12, 20))
            if past < day
        }
        fake.openrouter.as_of = str(day)
        fake.openrouter.catalogue = [
            {
                "id": "qwen/base-0",
                "canonical_slug": "qwen/base-0",
                "hugging_face_id": "Qwen/base-0-7B",
                "name": "Base 0",
                "created": 1_750_000_000,
                "context_length": 4096,
            }
        ]
        fake.modelscope.models = [
            {
                "id": f"{owner}/base-0-7B",
                "downloads": 500 + 10 * (day - FIRST_DAY).days,
                "likes": 3,
                "created_at": _timestamp(date(2025, 6, 1)),
                "last_modified": _timestamp(date(2025, 6, 1)),
                "license": "apache-2.0",
            }
            for owner in modelscope_owners()
        ]
        fake.tracked.files = {
            "models.csv": "org,model,modelId\nQwen,base-0-7B,Qwen/base-0-7B\n",
            "extra_models.csv": "org,model,modelId\nopenai,base-0-7B,openai/base-0-7B\n",
            "metadata/model_parameters.csv": "model_id,total_params_b,active_params_b,is_moe,"
            "notes\n"
            "Qwen/base-0-7B,7,7,false,\n",
            "metadata/organization_regions.csv": "hf_org,region,notes\nQwen,china,\n",
            "metadata/release_date_corrections.csv": "# one\n# two\n# three\n"
            "model_id,hf_created_at,actual_release_date,notes\n"
            "Qwen/base-0-7B,2025-06-01,2025-06-01,\n",
        }
        yield fake
