"""OpenRouter's part of the sample: SYNTHETIC tokens of real slugs, and a catalogue."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2026, 1, 3)
DAYS = 90
TOP = 50
SEED = 90051
CATALOGUE_READ_ON = "2026-04-02"
# Two downloads of the rankings: the later one restates two days of the earlier one.
EARLIER_LAST = date(2026, 3, 3)
EARLIER_AS_OF = "2026-03-04"
LATER_FIRST = date(2026, 2, 25)
LATER_AS_OF = "2026-04-03"
RESTATED = (date(2026, 2, 26), date(2026, 2, 27))

# slug | tokens a day in billions | change over the 90 days (factor at the end) | Hub repository:
#   a name: the catalogue has it; empty: the catalogue has ""; - : not in the catalogue.
SLUGS = """
deepseek/deepseek-v3.2-20251201|205|1.2|deepseek-ai/DeepSeek-V3.2
deepseek/deepseek-chat-v3-0324|66|0.6|deepseek-ai/DeepSeek-V3-0324
deepseek/deepseek-r1-0528|22|0.6|deepseek-ai/DeepSeek-R1-0528
deepseek/deepseek-r1-0528:free|11|0.5|
moonshotai/kimi-k2-0905|24|0.5|moonshotai/Kimi-K2-Instruct-0905
moonshotai/kimi-k2-thinking-20251106|26|0.7|moonshotai/Kimi-K2-Thinking
moonshotai/kimi-k2.5-0127|60|2.5|moonshotai/Kimi-K2.5
minimax/minimax-m2|40|0.3|MiniMaxAI/MiniMax-M2
minimax/minimax-m2.1|62|0.8|MiniMaxAI/MiniMax-M2.1
minimax/minimax-m2.5-20260211|90|2.0|MiniMaxAI/MiniMax-M2.5
z-ai/glm-4.5-air|20|0.9|zai-org/GLM-4.5-Air
z-ai/glm-4.5-air:free|16|0.9|
z-ai/glm-4.6|34|0.4|zai-org/GLM-4.6
z-ai/glm-4.7-20251222|55|1.1|zai-org/GLM-4.7
z-ai/glm-5-20260211|45|2.2|zai-org/GLM-5
xiaomi/mimo-v2-flash-20251210|40|0.5|XiaomiMiMo/MiMo-V2-Flash
xiaomi/mimo-v2-flash-20251210:free|30|0.3|
qwen/qwen3-235b-a22b-07-25|28|0.8|Qwen/Qwen3-235B-A22B-Instruct-2507
qwen/qwen3-coder-480b-a35b-07-25|25|0.8|Qwen/Qwen3-Coder-480B-A35B-Instruct
qwen/qwen3-coder-480b-a35b-07-25:free|8|0.8|
qwen/qwen3-30b-a3b-instruct-2507|9|1.0|Qwen/Qwen3-30B-A3B-Instruct-2507
qwen/qwen3-next-80b-a3b-instruct-2509|12|0.8|Qwen/Qwen3-Next-80B-A3B-Instruct
qwen/qwen3-vl-235b-a22b-instruct|8|1.0|Qwen/Qwen3-VL-235B-A22B-Instruct
qwen/qwen3.5-397b-a17b-20260216|18|2.5|Qwen/Qwen3.5-397B-A17B
stepfun/step-3.5-flash|30|2.0|stepfun-ai/Step-3.5-Flash
stepfun/step-3.5-flash:free|26|2.0|
openai/gpt-oss-120b|85|1.1|openai/gpt-oss-120b
openai/gpt-oss-120b:free|22|1.0|
openai/gpt-oss-20b|24|1.0|openai/gpt-oss-20b
nvidia/nemotron-3-nano-30b-a3b:free|20|1.2|nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16
nvidia/nemotron-3-super-120b-a12b-20230311:free|14|3.0|
meta-llama/llama-3.1-8b-instruct|14|0.9|meta-llama/Meta-Llama-3.1-8B-Instruct
meta-llama/llama-3.3-70b-instruct|24|0.8|meta-llama/Llama-3.3-70B-Instruct
google/gemma-3-27b-it|15|0.9|google/gemma-3-27b-it
mistralai/mistral-nemo|28|1.0|mistralai/Mistral-Nemo-Instruct-2407
mistralai/mistral-small-3.2-24b-instruct-2506|10|0.9|mistralai/Mistral-Small-3.2-24B-Instruct-2506
mistralai/devstral-2512:free|26|0.4|
tngtech/deepseek-r1t2-chimera:free|16|0.4|tngtech/DeepSeek-TNG-R1T2-Chimera
anthropic/claude-4.5-sonnet-20250929|190|0.6|
anthropic/claude-4.5-haiku-20251001|60|0.8|
anthropic/claude-4.6-opus-20260205|70|2.0|
anthropic/claude-4.6-sonnet-20260217|60|2.5|
google/gemini-2.5-flash|170|0.8|
google/gemini-2.5-flash-lite|110|0.9|
google/gemini-3-flash-preview-20251217|150|1.2|
google/gemini-3-pro-preview-20251117|55|0.7|
google/gemini-embedding-001|9|1.1|
x-ai/grok-4.1-fast|120|0.6|
x-ai/grok-code-fast-1-20250826|180|0.4|
openai/gpt-5.2-20251211|50|0.8|
openai/gpt-5-mini-2025-08-07|32|0.8|
openai/gpt-4o-mini|60|0.9|
openai/gpt-5.4-20260305|25|2.0|
openrouter/pony-alpha|20|0.2|-
amazon/nova-2-lite-v1|6|1.0|-
cohere/command-r7b-12-2024|3|1.0|-
"""


def _slugs() -> list[tuple[str, float, float, str]]:
    result = []
    for line in SLUGS.strip().splitlines():
        slug, tokens, change, repository = line.split("|")
        result.append((slug, float(tokens), float(change), repository))
    return result


def base_slug(permaslug: str) -> str:
    """The slug without its variant (`:free` …)."""
    return permaslug.split(":")[0]


def _available_from(slug: str) -> date:
    """Models released within the 90 days have no tokens before."""
    starts = {
        "moonshotai/kimi-k2.5-0127": date(2026, 1, 27),
        "minimax/minimax-m2.5-20260211": date(2026, 2, 12),
        "z-ai/glm-5-20260211": date(2026, 2, 11),
        "qwen/qwen3.5-397b-a17b-20260216": date(2026, 2, 16),
        "stepfun/step-3.5-flash": date(2026, 2, 1),
        "nvidia/nemotron-3-super-120b-a12b-20230311": date(2026, 3, 11),
        "anthropic/claude-4.6-opus-20260205": date(2026, 2, 5),
        "anthropic/claude-4.6-sonnet-20260217": date(2026, 2, 17),
        "openai/gpt-5.4-20260305": date(2026, 3, 5),
    }
    return starts.get(base_slug(slug), FIRST_DAY)


def day_rows(day: date, *, restated: bool = True) -> list[tuple[str, int]]:
    """One day's 50 slugs by tokens, and `other` last: (model_permaslug, total_tokens)."""
    passed = (day - FIRST_DAY).days / (DAYS - 1)
    rows = []
    for slug, billions, change, _ in _slugs():
        if day < _available_from(slug):
            continue
        dice = random.Random(f"{SEED} {slug} {day}")  # noqa: S311 - no secret
        noise = dice.uniform(0.9, 1.1)
        tokens = round(billions * 1e9 * (1 + (change - 1) * passed) * noise)
        if day in RESTATED and not restated:
            tokens = tokens * 97 // 100
        rows.append((slug, tokens))
    rows.sort(key=lambda row: (-row[1], row[0]))
    rest = sum(tokens for _, tokens in rows[TOP:]) + round(300e9 * (1 + passed / 4))
    return [*rows[:TOP], ("other", rest)]


def days() -> list[date]:
    """The 90 days of the rankings."""
    return [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]


def ranking_files() -> Iterable[tuple[str, str, list[tuple[str, str, int]]]]:
    """(file, as_of, rows) of the two downloads."""
    for first, last, as_of, restated in (
        (FIRST_DAY, EARLIER_LAST, EARLIER_AS_OF, False),
        (LATER_FIRST, days()[-1], LATER_AS_OF, True),
    ):
        rows = [
            (str(day), slug, tokens)
            for day in days()
            if first <= day <= last
            for slug, tokens in day_rows(day, restated=restated)
        ]
        yield f"openrouter/rankings_daily_{first}_{last}.csv", as_of, rows


def catalogue_entries() -> list[dict[str, object]]:
    """The catalogue as the API gives it: `hugging_face_id` filled for about half."""
    entries: dict[str, dict[str, object]] = {}
    for slug, _, _, repository in _slugs():
        base = base_slug(slug)
        if repository == "-" or (base in entries and not repository):
            continue
        created = datetime.combine(_available_from(slug), datetime.min.time(), UTC)
        entries[base] = {
            "id": base,
            "canonical_slug": base,
            "hugging_face_id": repository,
            "name": base.split("/")[1],
            "created": int(created.timestamp()),
            "context_length": 131_072,
            "architecture": {"modality": "text->text", "tokenizer": "Other"},
        }
    return list(entries.values())


def catalogue_matches() -> dict[str, str]:
    """Base slug to Hub repository, as the catalogue spells it."""
    return {
        str(entry["canonical_slug"]): str(entry["hugging_face_id"])
        for entry in catalogue_entries()
        if entry["hugging_face_id"]
    }
