"""Derivatives by communities, and the planted lineage cases (docs/method.md, Lineage)."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import date, timedelta

from extract.sources.sample import catalogue
from extract.sources.sample.models import (
    Edge,
    Model,
    at,
    created_time,
    make_oid,
)

LAB = "lineage-lab"  # an invented organisation that publishes the planted lineage cases
SEED = 4711

# New community derivatives a month: first and last month, then base and number for each month.
# The shares follow the public record (docs/method.md, Published figures): Europe 58 % in 2024-01
# on Mistral, Llama 44 % in 2024, Qwen 69 % and Europe 4 % in 2026-02.
PLAN = """
2023-10 2023-12 mistralai/Mistral-7B-v0.1=4 meta-llama/Llama-2-7b-hf=3
2024-01 2024-01 mistralai/Mistral-7B-Instruct-v0.2=8 mistralai/Mistral-7B-v0.1=3
2024-01 2024-01 meta-llama/Llama-2-7b-hf=4 microsoft/phi-2=2
2024-01 2024-01 deepseek-ai/deepseek-coder-6.7b-instruct=1 zai-org/chatglm3-6b=1
2024-02 2024-04 mistralai/Mistral-7B-Instruct-v0.2=4 meta-llama/Llama-2-7b-hf=2
2024-02 2024-04 Qwen/Qwen1.5-0.5B=1
2024-05 2024-08 meta-llama/Meta-Llama-3-8B-Instruct=4 mistralai/Mistral-7B-Instruct-v0.2=2
2024-05 2024-08 microsoft/Phi-3-mini-4k-instruct=1 Qwen/Qwen1.5-0.5B=2
2024-09 2024-12 meta-llama/Llama-3.1-8B-Instruct=3 Qwen/Qwen2.5-7B-Instruct=3
2024-10 2024-12 meta-llama/Llama-3.2-1B-Instruct=1 mistralai/Mistral-Nemo-Instruct-2407=1
2025-01 2025-03 Qwen/Qwen2.5-7B-Instruct=2 Qwen/Qwen2.5-1.5B-Instruct=2
2025-01 2025-03 meta-llama/Llama-3.1-8B-Instruct=2 mistralai/Mistral-Nemo-Instruct-2407=1
2025-02 2025-03 deepseek-ai/DeepSeek-R1-Distill-Qwen-7B=1 microsoft/phi-4=1
2025-04 2025-04 Qwen/Qwen2.5-VL-7B-Instruct=4 zai-org/GLM-4-9B-0414=1 google/gemma-3-4b-it=1
2025-05 2025-07 Qwen/Qwen3-8B=3 Qwen/Qwen3-4B=2 Qwen/Qwen3-0.6B=1 google/gemma-3-4b-it=1
2025-05 2025-07 meta-llama/Llama-3.1-8B-Instruct=1 HuggingFaceTB/SmolLM2-135M-Instruct=1
2025-08 2025-12 Qwen/Qwen3-4B-Instruct-2507=3 Qwen/Qwen3-8B=2 Qwen/Qwen3-8B-Base=1
2025-08 2025-12 openai/gpt-oss-20b=2 mistralai/Mistral-Small-3.2-24B-Instruct-2506=1
2026-01 2026-01 Qwen/Qwen3-VL-8B-Instruct=3 Qwen/Qwen3-4B-Instruct-2507=3 openai/gpt-oss-20b=2
2026-01 2026-01 mistralai/Mistral-Small-3.2-24B-Instruct-2506=1
2026-02 2026-02 Qwen/Qwen3-4B-Instruct-2507=7 Qwen/Qwen3-8B=5 Qwen/Qwen3-VL-8B-Instruct=6
2026-02 2026-02 openai/gpt-oss-20b=4 meta-llama/Llama-3.1-8B-Instruct=3
2026-02 2026-02 swiss-ai/Apertus-8B-Instruct-2509=1
2026-03 2026-03 Qwen/Qwen3.5-4B=5 Qwen/Qwen3-4B-Instruct-2507=3 openai/gpt-oss-20b=2
2026-03 2026-03 mistralai/Mistral-Small-3.2-24B-Instruct-2506=1
"""
# Months with a published share have no derivatives that the report's filter would leave out.
UNFILTERED_MONTHS = ("2024-01", "2026-02")
KINDS = ("quantized", "finetune", "adapter", "finetune", "quantized", "finetune")
FLAVOURS = ("roleplay", "code", "math", "medical", "sql", "reasoning", "german", "tools")


def _derivative(model_id: str, created: date, parameters: int | None, final: int) -> Model:
    return Model(
        model_id=model_id,
        created_at=created_time(created, model_id),
        parameters=parameters,
        weight=0,
        tracked=False,
        oid=make_oid(model_id),
        release_id=model_id,
        dtypes={"BF16": parameters} if parameters else {},
        final=final,
    )


def community_models(tracked: list[Model]) -> list[Model]:
    """Quantizations, fine-tunes and adapters of well-known bases, each by another organisation."""
    by_id = {model.model_id: model for model in tracked}
    made: dict[str, Model] = {}
    for line in PLAN.strip().splitlines():
        first, last, *counts = line.split()
        for month in _months(first, last):
            for text in counts:
                base_id, _, count = text.partition("=")
                for number in range(int(count)):
                    base = by_id[base_id]
                    earliest = base.created_at.date() + timedelta(days=1)
                    planned = month + timedelta(days=1 + number * 26 // int(count))
                    created = max(planned, earliest)
                    model = _community(base, len(made), created, made.keys())
                    made[model.model_id] = model
    return list(made.values())


def _months(first: str, last: str) -> list[date]:
    """The first days of the months from `first` to `last` (YYYY-MM)."""
    months = [date.fromisoformat(f"{first}-01")]
    while months[-1].isoformat()[:7] < last:
        months.append((months[-1] + timedelta(days=31)).replace(day=1))
    return months


def _community(base: Model, number: int, created: date, taken: Collection[str]) -> Model:
    """One derivative; its kind, organisation and name follow from its number."""
    dice = random.Random(f"{SEED} {number}")  # noqa: S311 - no secret
    relation = KINDS[number % len(KINDS)]
    flavour = FLAVOURS[number % len(FLAVOURS)]
    if relation == "quantized":
        org = catalogue.QUANTIZERS[number % len(catalogue.QUANTIZERS)]
        wanted = f"{org}/{base.name}-{'unsloth-bnb-4bit' if org == 'unsloth' else 'GGUF'}"
    elif relation == "finetune":
        org = catalogue.TUNERS[number % len(catalogue.TUNERS)]
        wanted = f"{org}/{base.name}-{'abliterated' if org == 'huihui-ai' else flavour}"
    else:
        wanted = f"adapter-works/{base.name}-{flavour}-lora"
    model_id = wanted if wanted not in taken else f"{wanted}-{number}"
    # A few have no more than five downloads: the report's filter leaves them out.
    few = dice.random() < 0.12 and created.isoformat()[:7] not in UNFILTERED_MONTHS
    final = dice.randint(0, 5) if few else int(10 ** dice.uniform(2.2, 5.6))
    parameters = None if relation == "adapter" else base.parameters
    model = _derivative(model_id, created, parameters, final)
    model.pipeline_tag = base.pipeline_tag or "text-generation"
    if "GGUF" in model_id:
        model.library, model.gguf_total, model.dtypes = None, base.parameters, {}
    if "4bit" in model_id:
        half = (base.parameters or 0) // 2
        model.dtypes = {"U8": half, "BF16": half // 10}
        model.tags += ["bitsandbytes", "4-bit"]
    if relation == "adapter":
        model.library = "peft"
    model.edges.append(Edge(relation, base.model_id, make_oid(base.model_id)))
    return model


def planted_models() -> list[Model]:
    """The lineage cases and the cases of organisations and names (the package's docstring)."""
    made: list[Model] = []

    def add(name: str, created: str, *parents: tuple[str, str], final: int = 9_000) -> Model:
        model_id = name if "/" in name else f"{LAB}/{name}"
        model = _derivative(model_id, date.fromisoformat(created), 8_000_000_000, final)
        for relation, parent in parents:
            parent_id = parent if "/" in parent else f"{LAB}/{parent}"
            model.edges.append(Edge(relation, parent_id, make_oid(parent_id)))
        made.append(model)
        return model

    def by_tags(model: Model) -> Model:
        """Only tags name the parents: names without `_id`."""
        model.edges = [Edge(edge.relation, edge.parent_id, None) for edge in model.edges]
        model.edges_from = "tags"
        return model

    # A diamond: two fine-tunes of one base, merged; the root counts once.
    add("diamond-left-8b", "2025-05-20", ("finetune", "Qwen/Qwen3-8B-Base"))
    add("diamond-right-8b", "2025-05-21", ("finetune", "Qwen/Qwen3-8B-Base"))
    add(
        "diamond-merge-8b",
        "2025-06-20",
        ("merge", "diamond-left-8b"),
        ("merge", "diamond-right-8b"),
    )
    # Merges of two, three and four parents; the four have three roots, so a third each.
    add(
        "merge-two-8b",
        "2025-07-01",
        ("merge", "Qwen/Qwen3-8B"),
        ("merge", "meta-llama/Llama-3.1-8B"),
    )
    add(
        "merge-three-8b",
        "2025-07-02",
        ("merge", "mistralai/Mistral-7B-v0.1"),
        ("merge", "diamond-merge-8b"),
        ("merge", "meta-llama/Llama-3.1-8B-Instruct"),
    )
    add(
        "merge-four-8b",
        "2025-07-03",
        ("merge", "diamond-left-8b"),
        ("merge", "diamond-merge-8b"),
        ("merge", "google/gemma-2-9b-it"),
        ("merge", "mistralai/Mistral-7B-v0.1"),
    )
    # A chain of depth 6 from the first-party base.
    add("chain-1", "2025-06-01", ("finetune", "Qwen/Qwen3-4B-Base"))
    for step in range(2, 7):
        add(f"chain-{step}", f"2025-06-0{step}", ("finetune", f"chain-{step - 1}"))
    # Cycles: two that name each other, and three of which one also has a parent outside.
    add("ring-a", "2025-08-01", ("finetune", "ring-b"))
    add("ring-b", "2025-08-01", ("finetune", "ring-a"))
    add("ring-child", "2025-08-09", ("finetune", "ring-b"))
    add("loop-a", "2025-08-02", ("finetune", "loop-c"), ("finetune", "Qwen/Qwen3-0.6B-Base"))
    add("loop-b", "2025-08-02", ("finetune", "loop-a"))
    add("loop-c", "2025-08-02", ("finetune", "loop-b"))
    add("self-edge", "2025-08-03", ("finetune", "self-edge"))
    # Parents that were not read: with the Hub's _id, and by a name in a tag only.
    add("of-not-loaded", "2025-08-04", ("finetune", "private-lab/hidden-base-7b"))
    add("of-of-not-loaded", "2025-08-14", ("adapter", "of-not-loaded"))
    by_tags(add("of-dangling", "2025-08-05", ("finetune", "nobody/never-existed-7b")))
    add(
        "merge-with-not-loaded",
        "2025-08-20",
        ("merge", "private-lab/hidden-base-7b"),
        ("merge", "Qwen/Qwen3-4B"),
    )
    # Names in tags only that resolve all the same: an old organisation, another case.
    by_tags(add("of-renamed-parent", "2025-05-02", ("finetune", "THUDM/GLM-4-9B-0414")))
    by_tags(add("of-case-parent", "2025-05-12", ("adapter", "qwen/qwen3-8b")))
    by_tags(add("of-unspecified", "2025-05-22", ("unspecified", "Qwen/Qwen3-1.7B")))

    # An organisation that no seed knows.
    add("quiet-harbor-lab/harbor-chat-7b", "2025-04-15", final=64_000)
    # A name that comes back with another _id is another model.
    first = add("mini-forge/pocket-chat-1b", "2024-12-01", final=12_000)
    first.oid = make_oid("mini-forge/pocket-chat-1b first")
    first.visible_to = at("2025-12-20")
    first.key = f"mini-forge/pocket-chat-1b@{first.oid}"
    second = add("mini-forge/pocket-chat-1b", "2026-01-10", final=700)
    for model in (first, second):
        model.parameters = 1_100_000_000
        model.dtypes = {"BF16": model.parameters}
    second.oid = make_oid("mini-forge/pocket-chat-1b second")
    return made
