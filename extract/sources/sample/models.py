"""The sample's models as objects: read from the catalogue, with the planted cases set on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property

from extract.sources.sample import catalogue

FIRST_DAY = date(2025, 2, 26)  # hub-stats has all-time counters from this day on
LAST_DAY = date(2026, 4, 2)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
PUBLISHED_DAY = (date(2026, 3, 31) - FIRST_DAY).days  # the day of the published figures

# The Hub's earliest createdAt: "on or before".
HUB_FLOOR = "2022-03-02T23:29:04"

BILLION = 1_000_000_000
BUCKETS: tuple[tuple[str, float, float], ...] = (
    ("<1B", 0, 1),
    ("1-5B", 1, 5),
    ("7-9B", 5, 10),
    ("10-50B", 10, 50),
    ("50-100B", 50, 100),
    ("100-250B", 100, 250),
    ("250B+", 250, float("inf")),
)


def day_index(day: date) -> int:
    """Days since the first snapshot; negative before it."""
    return (day - FIRST_DAY).days


def at(text: str) -> int:
    """The day index of an ISO date."""
    return day_index(date.fromisoformat(text))


def day_of(index: int) -> date:
    """The date of a day index."""
    return FIRST_DAY + timedelta(days=index)


# A single day, five days in a run, and four days across a month end.
MISSING_DAYS: frozenset[int] = frozenset(
    [
        at("2025-06-11"),
        *range(at("2025-09-08"), at("2025-09-12") + 1),
        *range(at("2025-11-29"), at("2025-12-02") + 1),
    ]
)
READ_DAYS: tuple[int, ...] = tuple(d for d in range(DAYS) if d not in MISSING_DAYS)


@dataclass(frozen=True)
class Edge:
    """One parent of a model; `oid` is the Hub's `_id`, None where only a tag names the parent."""

    relation: str
    parent_id: str
    oid: str | None


@dataclass
class Model:
    """One repository of the sample. Day numbers are day indexes; counters are by day index."""

    model_id: str
    created_at: datetime
    parameters: int | None
    weight: float
    tracked: bool
    pipeline_tag: str | None = "text-generation"
    library: str | None = "transformers"
    oid: str | None = ""
    region: str = "unknown"
    # Names before today's: (last day under it, name).
    earlier_names: list[tuple[int, str]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    edges_from: str = "base_models"
    release_id: str = ""
    tags: list[str] = field(default_factory=list)
    dtypes: dict[str, int] = field(default_factory=dict)
    gguf_total: int | None = None
    visible_from: int = 0
    visible_to: int = DAYS - 1
    absent: frozenset[int] = frozenset()
    rejected_on: frozenset[int] = frozenset()
    flat: frozenset[int] = frozenset()
    # Spam: (day it starts, day of the removal, downloads removed).
    spam: tuple[int, int, int] | None = None
    final: int = 0
    before: int = 0
    counters: list[int] = field(default_factory=list)
    trailing: list[int] = field(default_factory=list)
    key: str = ""
    announced_on: str | None = None

    @property
    def org(self) -> str:
        """The organisation of today's name."""
        return self.model_id.split("/")[0]

    @property
    def name(self) -> str:
        """Today's name without the organisation."""
        return self.model_id.split("/")[1]

    @cached_property
    def created_day(self) -> int:
        """The day index of the creation, negative before the first snapshot."""
        return day_index(self.created_at.date())

    @property
    def end_day(self) -> int:
        """The last day on which the final counter must hold: the published day, or earlier."""
        return min(PUBLISHED_DAY, self.visible_to)

    @property
    def bucket(self) -> str:
        """The size bucket by total parameters (docs/method.md, Terms)."""
        if self.parameters is None:
            return "unknown"
        size = self.parameters / BILLION
        return next(name for name, low, high in BUCKETS if low <= size < high)

    @property
    def launch_day(self) -> int:
        """The day on which the downloads start: the announced release, else the creation."""
        if self.announced_on is None or self.org == "openai":
            return self.created_day
        return max(self.created_day, at(self.announced_on))

    def is_present(self, day: int) -> bool:
        """Whether the Hub shows the repository on a day."""
        first = max(self.visible_from, self.created_day)
        return first <= day <= self.visible_to and day not in self.absent


def make_oid(text: str) -> str:
    """A Hub-like `_id`: 24 hexadecimal digits, the same for the same text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:24]


def created_time(day: date, text: str) -> datetime:
    """A time of day that depends on the name only."""
    seconds = int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 86_400
    return datetime.combine(day, time.min) + timedelta(seconds=seconds)


def _dtypes(name: str, parameters: int) -> dict[str, int]:
    if "FP8" in name:
        return {"F8_E4M3": parameters - parameters // 20, "BF16": parameters // 20}
    return {"BF16": parameters}


def tracked_models() -> list[Model]:
    """The catalogue's tracked models, without counters; precision copies share a release."""
    models: list[Model] = []
    org = ""
    for line in catalogue.TRACKED.strip().splitlines():
        if line.startswith("["):
            org = line.strip("[]")
            continue
        name, created, size, weight, *rest = line.split()
        flags = rest[0].split(",") if rest else []
        model_id = f"{org}/{name}"
        parameters = None if size == "-" else round(float(size) * BILLION)
        model = Model(
            model_id=model_id,
            created_at=created_time(date.fromisoformat(created), model_id),
            parameters=parameters,
            weight=float(weight),
            tracked=True,
            oid=make_oid(model_id),
            region=catalogue.ORGANISATIONS[org][0],
            release_id=model_id,
            dtypes=_dtypes(name, parameters) if parameters is not None else {},
            announced_on=catalogue.RELEASE_DATES.get(model_id),
        )
        for flag in flags:
            value = flag.partition("=")[2]
            parent = value if "/" in value else f"{org}/{value}"
            if flag == "v":
                model.pipeline_tag = "image-text-to-text"
            elif flag == "o":
                model.pipeline_tag = "any-to-any"
            elif flag == "n":
                model.pipeline_tag, model.library = None, "vllm"
            elif flag.startswith("r="):
                model.announced_on = value
            elif flag.startswith("ft="):
                model.edges.append(Edge("finetune", parent, make_oid(parent)))
            elif flag.startswith("q="):
                model.edges.append(Edge("quantized", parent, make_oid(parent)))
                model.release_id = parent
        models.append(model)
    return models


def never_tracked_models() -> list[Model]:
    """First-party repositories that are no tracked model, by what they are."""
    models = []
    for line in catalogue.NEVER_TRACKED.strip().splitlines():
        model_id, created, size, final, tag = line.split()
        parameters = None if size == "-" else round(float(size) * BILLION)
        model = Model(
            model_id=model_id,
            created_at=created_time(date.fromisoformat(created), model_id),
            parameters=parameters,
            weight=0,
            tracked=False,
            pipeline_tag=tag,
            oid=make_oid(model_id),
            release_id=model_id,
            dtypes={"BF16": parameters} if parameters is not None else {},
            final=int(final),
        )
        if created == "2022-03-02":
            model.created_at = datetime.fromisoformat(HUB_FLOOR)
        if "GGUF" in model_id:
            model.library, model.gguf_total = None, 8_190_000_000
            model.edges.append(Edge("quantized", "Qwen/Qwen3-8B", make_oid("Qwen/Qwen3-8B")))
        if "AWQ" in model_id:
            model.dtypes = {"I32": parameters or 0}
            model.tags += ["awq", "4-bit"]
            parent = "Qwen/Qwen2.5-7B-Instruct"
            model.edges.append(Edge("quantized", parent, make_oid(parent)))
        if tag in ("feature-extraction", "sentence-similarity"):
            model.library = "sentence-transformers"
        models.append(model)
    return models


def plant_tracked(models: list[Model]) -> None:
    """Sets the planted cases on tracked models (the table is in the package's docstring)."""
    by_id = {model.model_id: model for model in models}

    for name in ("chatglm3-6b", "glm-4-9b-chat", "GLM-4-9B-0414", "GLM-4-32B-0414",
                 "GLM-Z1-9B-0414", "GLM-4.1V-9B-Thinking"):  # fmt: skip
        model = by_id[f"zai-org/{name}"]
        model.earlier_names = [(at("2025-07-09"), f"THUDM/{name}")]
    for model in models:
        if model.org == "CohereLabs":
            model.earlier_names = [(at("2025-04-14"), f"CohereForAI/{model.name}")]
            model.oid = None

    by_id["openbmb/MiniCPM3-4B"].absent = frozenset(range(at("2025-10-05"), at("2025-10-17")))
    by_id["XiaomiMiMo/MiMo-7B-RL"].visible_to = at("2026-01-14")
    # Made public only at the release: first read 26 days and 2 days after the creation.
    by_id["moonshotai/Kimi-K2.5"].visible_from = at("2026-01-27")
    by_id["moonshotai/Kimi-K2-Thinking"].visible_from = at("2025-11-06")
    by_id["llm-jp/llm-jp-3-13b-instruct"].flat = frozenset(
        range(at("2025-08-20"), at("2025-10-04"))
    )
    by_id["internlm/internlm2_5-7b-chat"].spam = (at("2025-10-08"), at("2025-10-20"), 400_000)
    by_id["microsoft/Phi-3-mini-4k-instruct"].spam = (
        at("2025-08-25"),
        at("2025-09-10"),
        900_000,
    )
    by_id["google/gemma-2-9b-it"].rejected_on = frozenset([at("2025-12-17")])

    for name in ("gpt-oss-20b", "gpt-oss-120b"):
        model = by_id[f"openai/{name}"]
        total = model.parameters or 0
        model.dtypes = {"U8": total - total // 60, "BF16": total // 60}
        model.tags += ["mxfp4", "8-bit"]
    packed = by_id["nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4"]
    # Two 4-bit weights are stored in one byte: the tensors' count is too small by half.
    packed.dtypes = {"U8": 56_000_000_000, "F8_E4M3": 7_000_000_000, "BF16": 4_000_000_000}
    packed.tags += ["modelopt", "nvfp4", "8-bit"]
