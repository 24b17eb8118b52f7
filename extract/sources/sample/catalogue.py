# ruff: noqa: E501 - one line a model
"""What the synthetic sample is about: organisations, models and their real names and sizes.

Names, creation days, sizes (rounded, in billions of parameters) and who made what are public
facts written down from general knowledge. Every download, like and token is SYNTHETIC.

`TRACKED` is one line a model, under a line `[organisation]`:

    name  created  parameters_b  weight  flags

`weight` is only a starting guess of the model's share within its organisation and size bucket;
the calibration (curves.py) sets the real totals. `parameters_b` is `-` where the repository
reports no tensor sizes and its name says none either. Flags, separated by commas:

    v   image-text-to-text          o   any-to-any          (neither: text-generation)
    n   no pipeline tag, library vllm
    ft=NAME   fine-tuned from NAME (with organisation if it is another's)
    q=NAME    a precision copy of NAME of the same organisation
    r=DATE    announced on DATE, which the Hub's creation day precedes
"""

from __future__ import annotations

# Cumulative downloads at the end of 2026-03 by organisation: docs/method.md, Published figures.
# The named organisations are the published figures; the rest fill up their region's total.
ORGANISATIONS: dict[str, tuple[str, int]] = {
    "Qwen": ("china", 942_100_000),
    "deepseek-ai": ("china", 158_000_000),
    "zai-org": ("china", 11_000_000),
    "OpenGVLab": ("china", 8_000_000),
    "moonshotai": ("china", 8_000_000),
    "internlm": ("china", 4_500_000),
    "MiniMaxAI": ("china", 4_400_000),
    "baidu": ("china", 4_000_000),
    "tencent": ("china", 3_000_000),
    "openbmb": ("china", 2_800_000),
    "XiaomiMiMo": ("china", 1_600_000),
    "inclusionAI": ("china", 1_300_000),
    "ByteDance-Seed": ("china", 1_100_000),
    "Skywork": ("china", 200_000),
    "meta-llama": ("us", 476_000_000),
    # 79 million since the release on 2025-08-05, and 5 on the day before it.
    "openai": ("us", 79_000_005),
    "google": ("us", 53_999_995),
    "nvidia": ("us", 39_500_000),
    "microsoft": ("us", 30_000_000),
    "allenai": ("us", 18_500_000),
    "ibm-granite": ("us", 11_000_000),
    "HuggingFaceTB": ("us", 11_000_000),
    "LiquidAI": ("us", 1_500_000),
    "arcee-ai": ("us", 1_000_000),
    "Salesforce": ("us", 1_000_000),
    "Snowflake": ("us", 500_000),
    "mistralai": ("eu", 150_000_000),
    "swiss-ai": ("eu", 8_000_000),
    "docling-project": ("eu", 3_000_000),
    "AI-MO": ("eu", 2_000_000),
    "CohereLabs": ("other", 1_800_000),
    "LGAI-EXAONE": ("other", 1_000_000),
    "tiiuae": ("other", 1_000_000),
    "llm-jp": ("other", 200_000),
}

# Cumulative downloads at the end of 2026-03 by size bucket. 7-9B is the published 33.8 % of all.
BUCKET_TOTALS: dict[str, int] = {
    "<1B": 165_000_000,
    "1-5B": 719_580_000,
    "7-9B": 689_520_000,
    "10-50B": 285_000_000,
    "50-100B": 52_000_000,
    "100-250B": 65_300_000,
    "250B+": 63_000_000,
    "unknown": 600_000,
}

# Cells that a published figure fixes: DeepSeek's 47 % of 250B+, and gpt-oss' two models.
FIXED_CELLS: dict[tuple[str, str], int] = {
    ("deepseek-ai", "250B+"): 29_610_000,
    ("openai", "10-50B"): 46_000_000,
    ("openai", "100-250B"): 33_000_005,
}

# Which organisations move together over time.
GROUP_OF_ORG: dict[str, str] = {
    "Qwen": "Qwen",
    "meta-llama": "meta-llama",
    "openai": "openai",
    "deepseek-ai": "deepseek-ai",
}

# Cumulative downloads in millions at month ends from 2025-02 to 2026-02, after the counter of
# 2025-02-26. The end of 2026-03 is the organisations' totals. Chosen so that china passes us in
# summer 2025, Qwen passes Llama in 2025-09 with 325 million, DeepSeek passes Mistral in early
# 2026, Europe's share falls, and the total grows about sixfold in the year to 2026-03.
GROUP_PATHS: dict[str, tuple[float, ...]] = {
    "Qwen": (62, 63.5, 75, 100, 135, 178, 226, 276, 325, 377, 439, 515, 632, 785.6),
    "meta-llama": (128, 129.5, 143, 168, 196, 225, 254, 285, 312, 340, 367, 394, 421, 447),
    "openai": (0, 0, 0, 0, 0, 0, 0, 8, 17, 26, 35, 44.5, 55, 67),
    "deepseek-ai": (14, 14.5, 19, 26, 35.5, 46.5, 57.5, 70, 81, 93, 105, 118, 131.5, 144.5),
    "china": (2.2, 2.25, 3, 4.6, 6.6, 9, 12.3, 16, 20, 24.3, 29, 34, 39, 44.3),
    "us": (25, 25.3, 28, 31, 34, 38, 44.5, 52, 63, 75, 89, 105, 125, 146),
    "eu": (55, 56, 62, 68, 75, 82, 90, 98, 106, 114, 122, 130, 140, 151),
    "other": (1.0, 1.02, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.9, 3.2, 3.5, 3.75),
}

# Downloads from 2025-08-01 to 2026-03-31 of the new entrants: docs/method.md, Published figures.
SINCE_2025_08: dict[str, int] = {
    "nvidia": 30_700_000,
    "allenai": 14_800_000,
    "ibm-granite": 6_500_000,
    "MiniMaxAI": 4_000_000,
}

TRACKED = """
[Qwen]
Qwen1.5-0.5B 2024-01-22 0.62 4 r=2024-02-04
Qwen1.5-7B-Chat 2024-01-30 7.72 3 r=2024-02-04
Qwen1.5-110B-Chat 2024-04-25 111.2 0.3
Qwen2-0.5B 2024-05-31 0.494 8 r=2024-06-07
Qwen2-1.5B-Instruct 2024-06-03 1.54 12 r=2024-06-07
Qwen2-7B-Instruct 2024-06-04 7.62 15 r=2024-06-07
Qwen2-72B-Instruct 2024-05-28 72.7 2 r=2024-06-07
Qwen2-VL-2B-Instruct 2024-08-28 2.21 34 v,r=2024-08-29
Qwen2-VL-7B-Instruct 2024-08-28 8.29 27 v,r=2024-08-29
Qwen2.5-0.5B 2024-09-15 0.494 14 r=2024-09-19
Qwen2.5-0.5B-Instruct 2024-09-16 0.494 38 ft=Qwen2.5-0.5B,r=2024-09-19
Qwen2.5-1.5B 2024-09-15 1.54 15 r=2024-09-19
Qwen2.5-1.5B-Instruct 2024-09-17 1.54 128 ft=Qwen2.5-1.5B,r=2024-09-19
Qwen2.5-3B 2024-09-15 3.09 8 r=2024-09-19
Qwen2.5-3B-Instruct 2024-09-17 3.09 76 ft=Qwen2.5-3B,r=2024-09-19
Qwen2.5-7B 2024-09-15 7.62 24 r=2024-09-19
Qwen2.5-7B-Instruct 2024-09-16 7.62 112 ft=Qwen2.5-7B,r=2024-09-19
Qwen2.5-14B-Instruct 2024-09-16 14.77 26 r=2024-09-19
Qwen2.5-32B-Instruct 2024-09-17 32.76 17 r=2024-09-19
Qwen2.5-72B-Instruct 2024-09-16 72.7 9 r=2024-09-19
Qwen2.5-Coder-1.5B 2024-09-18 1.54 5 r=2024-09-19
Qwen2.5-Coder-7B-Instruct 2024-09-17 7.62 18 r=2024-09-19
Qwen2.5-Coder-14B-Instruct 2024-11-06 14.77 4.5 r=2024-11-12
Qwen2.5-Coder-32B-Instruct 2024-11-06 32.76 9 r=2024-11-12
Qwen2.5-Math-7B 2024-09-16 7.62 4
QwQ-32B-Preview 2024-11-27 32.76 2
Qwen2.5-VL-3B-Instruct 2025-01-26 3.75 38 v
Qwen2.5-VL-7B-Instruct 2025-01-26 8.29 46 v
Qwen2.5-VL-72B-Instruct 2025-01-27 73.4 7 v
QwQ-32B 2025-03-05 32.76 3 ft=Qwen2.5-32B-Instruct
Qwen2.5-VL-32B-Instruct 2025-03-21 33.45 7 v
Qwen2.5-Omni-7B 2025-03-22 10.73 4 o
Qwen3-0.6B-Base 2025-04-28 0.596 3
Qwen3-0.6B 2025-04-27 0.752 60 ft=Qwen3-0.6B-Base,r=2025-04-28
Qwen3-0.6B-FP8 2025-04-28 0.752 2 q=Qwen3-0.6B
Qwen3-1.7B-Base 2025-04-28 2.03 3
Qwen3-1.7B 2025-04-27 2.03 36 ft=Qwen3-1.7B-Base,r=2025-04-28
Qwen3-4B-Base 2025-04-28 4.02 4
Qwen3-4B 2025-04-27 4.02 32 ft=Qwen3-4B-Base,r=2025-04-28
Qwen3-8B-Base 2025-04-28 8.19 4
Qwen3-8B 2025-04-27 8.19 55 ft=Qwen3-8B-Base,r=2025-04-28
Qwen3-8B-FP8 2025-04-28 8.19 3 q=Qwen3-8B
Qwen3-14B 2025-04-27 14.77 15 r=2025-04-28
Qwen3-32B 2025-04-27 32.76 25 r=2025-04-28
Qwen3-32B-FP8 2025-04-28 32.76 2 q=Qwen3-32B
Qwen3-30B-A3B 2025-04-27 30.53 9 r=2025-04-28
Qwen3-235B-A22B 2025-04-27 235.1 3.5 r=2025-04-28
Qwen3-235B-A22B-FP8 2025-04-28 235.1 0.9 q=Qwen3-235B-A22B
Qwen3-235B-A22B-Instruct-2507 2025-07-21 235.1 1.2
Qwen3-235B-A22B-Instruct-2507-FP8 2025-07-21 235.1 2.6 q=Qwen3-235B-A22B-Instruct-2507
Qwen3-235B-A22B-Thinking-2507 2025-07-25 235.1 0.5
Qwen3-Coder-480B-A35B-Instruct 2025-07-22 480.2 0.9
Qwen3-Coder-480B-A35B-Instruct-FP8 2025-07-22 480.2 0.6 q=Qwen3-Coder-480B-A35B-Instruct
Qwen3-30B-A3B-Instruct-2507 2025-07-28 30.53 9
Qwen3-30B-A3B-Thinking-2507 2025-07-29 30.53 3
Qwen3-Coder-30B-A3B-Instruct 2025-07-31 30.53 6
Qwen3-4B-Instruct-2507 2025-08-05 4.02 30
Qwen3-4B-Thinking-2507 2025-08-05 4.02 4
Qwen3-Next-80B-A3B-Instruct 2025-09-09 81.3 11 r=2025-09-11
Qwen3-Next-80B-A3B-Thinking 2025-09-09 81.3 2 r=2025-09-11
Qwen3-Omni-30B-A3B-Instruct 2025-09-20 35.3 2 o
Qwen3-VL-235B-A22B-Instruct 2025-09-22 235.7 2.4 v
Qwen3-VL-235B-A22B-Thinking 2025-09-22 235.7 1 v,r=2025-09-23
Qwen3-VL-30B-A3B-Instruct 2025-09-30 31.1 9 v
Qwen3-VL-4B-Instruct 2025-10-11 4.44 9 v
Qwen3-VL-8B-Instruct 2025-10-11 8.77 24 v
Qwen3-VL-2B-Instruct 2025-10-19 2.13 10 v
Qwen3-VL-32B-Instruct 2025-10-19 33.4 4 v
Qwen3-Coder-Next 2026-01-30 79.7 1
Qwen3.5-397B-A17B 2026-02-16 403.4 2.4 v
Qwen3.5-35B-A3B 2026-02-24 36.0 3.5 v
Qwen3.5-27B 2026-02-24 27.8 3 v
Qwen3.5-122B-A10B 2026-02-24 125.1 1 v
Qwen3.5-9B 2026-02-27 9.65 6 v
Qwen3.5-4B 2026-02-27 4.66 9 v
Qwen3.5-2B 2026-02-28 2.27 3 v
Qwen3.5-0.8B 2026-02-28 0.87 4 v
[deepseek-ai]
deepseek-llm-7b-chat 2023-11-29 6.91 3
deepseek-coder-6.7b-instruct 2023-10-29 6.74 7
deepseek-coder-1.3b-instruct 2023-10-29 1.35 6
deepseek-moe-16b-base 2024-01-08 16.4 1
DeepSeek-V2-Lite-Chat 2024-05-15 15.7 4.5
DeepSeek-V2 2024-04-22 236 0.4
DeepSeek-Coder-V2-Lite-Instruct 2024-06-14 15.7 6
deepseek-vl2-tiny 2024-12-13 3.37 2 v
DeepSeek-V3 2024-12-25 684.5 6
DeepSeek-R1 2025-01-20 684.5 9
DeepSeek-R1-Distill-Qwen-1.5B 2025-01-20 1.78 28
DeepSeek-R1-Distill-Qwen-7B 2025-01-20 7.62 17
DeepSeek-R1-Distill-Llama-8B 2025-01-20 8.03 18
DeepSeek-R1-Distill-Qwen-14B 2025-01-20 14.77 9
DeepSeek-R1-Distill-Qwen-32B 2025-01-20 32.76 14
DeepSeek-R1-Distill-Llama-70B 2025-01-20 70.6 4
DeepSeek-V3-0324 2025-03-24 684.5 5
DeepSeek-R1-0528 2025-05-28 684.5 7
DeepSeek-R1-0528-Qwen3-8B 2025-05-29 8.19 8 ft=Qwen/Qwen3-8B-Base
DeepSeek-V3.1 2025-08-21 684.5 2
DeepSeek-V3.1-Terminus 2025-09-22 684.5 0.4
DeepSeek-V3.2-Exp 2025-09-29 685.4 0.8
DeepSeek-OCR 2025-10-16 3.34 15 v
DeepSeek-V3.2 2025-12-01 685.4 6
DeepSeek-OCR-2 2026-01-26 3.39 2 v
[zai-org]
chatglm3-6b 2023-10-25 6.24 2
glm-4-9b-chat 2024-06-04 9.4 3.4
GLM-4-9B-0414 2025-04-07 9.4 1.2 r=2025-04-14
GLM-4-32B-0414 2025-04-07 32.6 0.7 r=2025-04-14
GLM-Z1-9B-0414 2025-04-08 9.4 0.4 r=2025-04-14
GLM-4.1V-9B-Thinking 2025-06-28 10.29 0.8 v,r=2025-07-02
GLM-4.5 2025-07-20 358.3 0.5
GLM-4.5-FP8 2025-07-20 358.3 0.2 q=GLM-4.5,r=2025-07-28
GLM-4.5-Air 2025-07-20 110.5 2.4 r=2025-07-28
GLM-4.5-Air-FP8 2025-07-20 110.5 0.5 q=GLM-4.5-Air,r=2025-07-28
GLM-4.6 2025-09-29 356.8 0.6 r=2025-09-30
GLM-4.6-FP8 2025-09-29 356.8 0.8 q=GLM-4.6,r=2025-09-30
GLM-4.7 2025-12-22 358.3 0.4
GLM-4.7-Flash 2026-01-19 31.2 2
GLM-5 2026-02-11 753.9 0.4
[OpenGVLab]
InternVL2-1B 2024-07-08 0.938 2 v
InternVL2-2B 2024-07-04 2.21 2 v
InternVL2_5-8B 2024-12-05 8.08 1 v
InternVL3-1B 2025-04-10 0.938 1.2 v
InternVL3-2B 2025-04-10 2.09 1 v
InternVL3-8B 2025-04-10 7.94 1.4 v
InternVL3-38B 2025-04-10 38.4 0.4 v
InternVL3-78B 2025-04-10 78.4 0.6 v
InternVL3_5-8B 2025-08-25 8.53 0.9 v
[moonshotai]
Moonlight-16B-A3B-Instruct 2025-02-22 16.0 0.4
Kimi-VL-A3B-Instruct 2025-04-09 16.4 0.9 v
Kimi-K2-Instruct 2025-07-11 1026.5 2.2
Kimi-K2-Instruct-0905 2025-09-03 1026.5 1.8 r=2025-09-05
Kimi-Linear-48B-A3B-Instruct 2025-10-30 49.1 0.6
Kimi-K2-Thinking 2025-11-04 1058.1 1.3
Kimi-K2.5 2026-01-01 1058.6 4 v
[internlm]
internlm2-chat-7b 2024-01-10 7.74 1
internlm2_5-7b-chat 2024-06-27 7.74 2
internlm2_5-1_8b-chat 2024-07-30 1.89 1
internlm3-8b-instruct 2025-01-13 8.8 0.8
Intern-S1-mini 2025-08-18 8.54 0.3 v
Intern-S1 2025-07-24 240.7 0.2 v
[baidu]
ERNIE-4.5-0.3B-PT 2025-06-28 0.361 2 r=2025-06-30
ERNIE-4.5-21B-A3B-PT 2025-06-28 21.8 1 r=2025-06-30
ERNIE-4.5-300B-A47B-PT 2025-06-28 300.5 0.3 r=2025-06-30
ERNIE-4.5-21B-A3B-Thinking 2025-09-08 21.8 0.7
ERNIE-4.5-VL-28B-A3B-PT 2025-06-28 29.4 0.4 v,r=2025-06-30
[MiniMaxAI]
MiniMax-Text-01 2025-01-13 456.1 0.2 r=2025-01-14
MiniMax-M1-80k 2025-06-13 456.1 0.2 r=2025-06-16
MiniMax-M2 2025-10-22 228.7 1.4
MiniMax-M2.1 2025-12-20 228.7 0.4
MiniMax-M2.5 2026-02-12 228.7 2
[tencent]
Tencent-Hunyuan-Large 2024-10-22 389 0.1
Hunyuan-A13B-Instruct 2025-06-25 80.4 0.3 r=2025-06-27
Hunyuan-0.5B-Instruct 2025-07-28 0.539 0.4
Hunyuan-1.8B-Instruct 2025-07-28 1.79 0.5
Hunyuan-4B-Instruct 2025-07-28 4.0 0.2
Hunyuan-7B-Instruct 2025-07-28 7.5 0.6
Hunyuan-MT-7B 2025-08-28 7.5 1
Hunyuan-Open-Preview 2025-11-20 - 0.6
[openbmb]
MiniCPM-V-2_6 2024-08-04 8.1 1.4 v
MiniCPM3-4B 2024-09-05 4.07 0.4
MiniCPM4-0.5B 2025-06-05 0.434 0.5
MiniCPM4-8B 2025-06-05 8.19 0.4
MiniCPM4.1-8B 2025-09-02 8.19 0.3
MiniCPM-V-4_5 2025-08-24 8.7 0.9 v
[XiaomiMiMo]
MiMo-7B-RL 2025-04-29 7.83 0.3
MiMo-VL-7B-RL 2025-05-30 8.31 0.5 v
MiMo-V2-Flash 2025-12-16 309.8 0.6
[inclusionAI]
Ling-lite-1.5 2025-05-07 16.8 0.2
Ring-flash-2.0 2025-09-17 103.0 0.3
Ling-flash-2.0 2025-09-17 103.0 0.3
Ling-1T 2025-10-02 999.7 0.2
Ling-mini-2.0 2025-09-08 16.3 0.3
[ByteDance-Seed]
Seed-Coder-8B-Instruct 2025-04-24 8.25 0.7
UI-TARS-1.5-7B 2025-04-16 8.29 0.4 v
Seed-OSS-36B-Instruct 2025-08-20 36.2 0.2
[meta-llama]
Llama-2-7b-hf 2023-07-13 6.74 27 r=2023-07-18
Llama-2-7b-chat-hf 2023-07-13 6.74 24 r=2023-07-18
Llama-2-13b-chat-hf 2023-07-13 13.0 8 r=2023-07-18
Llama-2-70b-chat-hf 2023-07-14 69.0 4 r=2023-07-18
Meta-Llama-3-8B 2024-04-17 8.03 34 r=2024-04-18
Meta-Llama-3-8B-Instruct 2024-04-17 8.03 36 ft=Meta-Llama-3-8B,r=2024-04-18
Meta-Llama-3-70B-Instruct 2024-04-17 70.6 6 r=2024-04-18
Llama-3.1-8B 2024-07-14 8.03 26 r=2024-07-23
Llama-3.1-8B-Instruct 2024-07-18 8.03 130 ft=Llama-3.1-8B,r=2024-07-23
Llama-3.1-70B-Instruct 2024-07-16 70.6 12 r=2024-07-23
Llama-3.1-405B-Instruct 2024-07-16 405.9 3.4 r=2024-07-23
Llama-3.2-1B 2024-09-18 1.24 46 r=2024-09-25
Llama-3.2-1B-Instruct 2024-09-18 1.24 58 ft=Llama-3.2-1B,r=2024-09-25
Llama-3.2-3B-Instruct 2024-09-18 3.21 36 r=2024-09-25
Llama-3.2-11B-Vision-Instruct 2024-09-18 10.7 12 v,r=2024-09-25
Llama-3.3-70B-Instruct 2024-11-26 70.6 13 r=2024-12-06
Llama-4-Scout-17B-16E-Instruct 2025-04-02 108.6 4 v,r=2025-04-05
Llama-4-Maverick-17B-128E-Instruct 2025-04-01 401.6 0.6 v,r=2025-04-05
Llama-4-Maverick-17B-128E-Instruct-FP8 2025-04-01 401.6 1.1 v,q=Llama-4-Maverick-17B-128E-Instruct,r=2025-04-05
[openai]
gpt-oss-20b 2025-08-04 21.5 46
gpt-oss-120b 2025-08-04 120.4 33
[google]
gemma-2b-it 2024-02-08 2.51 4 r=2024-02-21
gemma-7b-it 2024-02-13 8.54 2 r=2024-02-21
gemma-2-2b-it 2024-07-16 2.61 8 r=2024-07-31
gemma-2-9b-it 2024-06-24 9.24 6 r=2024-06-27
gemma-2-27b-it 2024-06-24 27.2 2 r=2024-06-27
paligemma-3b-mix-224 2024-05-12 2.92 1 v
gemma-3-4b-it 2025-02-20 4.3 10 v,r=2025-03-12
gemma-3-1b-it 2025-03-10 0.9999 9 r=2025-03-12
gemma-3-1b-pt 2025-03-02 0.9999 2 r=2025-03-12
gemma-3-12b-it 2025-03-01 12.2 6 v,r=2025-03-12
gemma-3-12b-pt 2025-03-01 12.2 0.6 v,r=2025-03-12
gemma-3-27b-it 2025-03-01 27.4 6 v
gemma-3-27b-pt 2025-03-01 27.4 0.5 v,r=2025-03-12
gemma-3n-E2B-it 2025-06-12 5.44 1.2 v,r=2025-06-26
gemma-3n-E4B-it 2025-06-03 7.85 1 v,r=2025-06-26
gemma-3-270m 2025-08-05 0.268 2 r=2025-08-14
gemma-3-270m-it 2025-07-30 0.268 1.6 ft=gemma-3-270m,r=2025-08-14
medgemma-4b-it 2025-05-19 4.3 2 v,r=2025-05-20
[nvidia]
Llama-3.1-Nemotron-70B-Instruct-HF 2024-10-12 70.6 1 r=2024-10-15
Mistral-NeMo-Minitron-8B-Base 2024-08-19 8.41 0.3
Llama-3.1-Nemotron-Nano-8B-v1 2025-03-16 8.03 1.4 ft=meta-llama/Llama-3.1-8B-Instruct,r=2025-03-18
Llama-3_3-Nemotron-Super-49B-v1 2025-03-16 49.9 0.7 ft=meta-llama/Llama-3.3-70B-Instruct,r=2025-03-18
Llama-3_1-Nemotron-Ultra-253B-v1 2025-04-07 253.4 0.5
OpenReasoning-Nemotron-1.5B 2025-07-08 1.54 1
Llama-3.1-Nemotron-Nano-VL-8B-V1 2025-06-03 8.77 8 v
NVIDIA-Nemotron-Nano-9B-v2 2025-08-12 8.89 9 r=2025-08-18
NVIDIA-Nemotron-Nano-12B-v2 2025-08-21 12.3 1.4
NVIDIA-Nemotron-3-Nano-30B-A3B-BF16 2025-12-04 31.6 4
NVIDIA-Nemotron-3-Nano-30B-A3B-FP8 2025-12-06 31.6 4 q=NVIDIA-Nemotron-3-Nano-30B-A3B-BF16,r=2025-12-15
NVIDIA-Nemotron-3-Nano-4B-BF16 2026-03-06 3.97 0.4
NVIDIA-Nemotron-3-Super-120B-A12B-BF16 2026-03-10 123.6 4.4 r=2026-03-11
NVIDIA-Nemotron-3-Super-120B-A12B-FP8 2026-03-10 123.6 0.6 q=NVIDIA-Nemotron-3-Super-120B-A12B-BF16,r=2026-03-11
NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4 2026-03-10 120 0.7 q=NVIDIA-Nemotron-3-Super-120B-A12B-BF16,r=2026-03-11
[microsoft]
phi-2 2023-12-13 2.78 6
Phi-3-mini-4k-instruct 2024-04-22 3.82 8 r=2024-04-23
Phi-3-mini-128k-instruct 2024-04-22 3.82 2 r=2024-04-23
Phi-3.5-mini-instruct 2024-08-16 3.82 4 r=2024-08-20
Phi-3.5-vision-instruct 2024-08-16 4.15 2 v,r=2024-08-20
phi-4 2024-12-11 14.7 5 r=2025-01-08
Phi-4-mini-instruct 2025-02-19 3.84 4 r=2025-02-26
Phi-4-reasoning 2025-04-09 14.7 0.6 r=2025-04-30
Phi-4-mini-reasoning 2025-04-29 3.84 0.4 r=2025-04-30
Phi-tiny-MoE-instruct 2025-06-16 3.76 0.4
Fara-7B 2025-11-19 8.29 0.5 v
[allenai]
OLMo-2-1124-7B 2024-10-28 7.3 1 r=2024-11-26
OLMo-2-0425-1B 2025-04-17 1.48 3
OLMo-2-0325-32B-Instruct 2025-03-12 32.2 0.2 r=2025-03-13
Llama-3.1-Tulu-3-8B 2024-11-20 8.03 1 ft=meta-llama/Llama-3.1-8B
Molmo-7B-D-0924 2024-09-25 8.02 3 v
olmOCR-7B-0825 2025-08-13 8.29 1.6 v
olmOCR-2-7B-1025 2025-10-06 8.29 1.2 v,r=2025-10-22
olmOCR-2-7B-1025-FP8 2025-10-06 8.29 3 v,q=olmOCR-2-7B-1025
Olmo-3-7B-Instruct 2025-11-19 7.3 1 r=2025-11-20
Olmo-3-1025-7B 2025-10-22 7.3 0.7 r=2025-11-20
Olmo-3-32B-Think 2025-11-19 32.2 0.6
Molmo2-8B 2025-12-13 8.66 0.8 v
[ibm-granite]
granite-3.1-8b-instruct 2024-12-06 8.17 1.2 r=2024-12-18
granite-3.2-8b-instruct 2025-02-14 8.17 0.8
granite-vision-3.2-2b 2025-02-18 2.98 0.8 v
granite-3.3-2b-instruct 2025-04-08 2.53 0.9 r=2025-04-16
granite-3.3-8b-instruct 2025-04-09 8.17 1.6 r=2025-04-16
granite-docling-258M 2025-07-29 0.258 3 v
granite-4.0-micro 2025-09-16 3.4 0.9 r=2025-10-02
granite-4.0-h-tiny 2025-09-16 6.94 0.8 r=2025-10-02
granite-4.0-h-small 2025-09-16 32.2 0.8 r=2025-10-02
granite-4.0-h-350m 2025-10-20 0.34 0.6
[HuggingFaceTB]
SmolLM2-135M-Instruct 2024-10-31 0.135 3
SmolLM2-360M-Instruct 2024-10-31 0.362 1
SmolLM2-1.7B-Instruct 2024-10-31 1.71 1.5
SmolVLM-256M-Instruct 2025-01-17 0.256 2 v
SmolVLM2-500M-Video-Instruct 2025-02-11 0.507 0.8 v
SmolLM3-3B 2025-07-08 3.08 2.4
[LiquidAI]
LFM2-350M 2025-07-10 0.354 0.3
LFM2-1.2B 2025-07-10 1.17 0.5
LFM2-8B-A1B 2025-10-07 8.34 0.3
LFM2-VL-1.6B 2025-08-11 1.58 0.2 v
[arcee-ai]
AFM-4.5B 2025-07-29 4.62 0.3
Trinity-Mini 2025-12-01 26.1 0.4
[mistralai]
Mistral-7B-v0.1 2023-09-20 7.24 22 r=2023-09-27
Mistral-7B-Instruct-v0.1 2023-09-27 7.24 7 ft=Mistral-7B-v0.1
Mistral-7B-Instruct-v0.2 2023-12-11 7.24 42
Mistral-7B-Instruct-v0.3 2024-05-22 7.25 30 n
Mixtral-8x7B-Instruct-v0.1 2023-12-10 46.7 9 r=2023-12-11
Mixtral-8x22B-Instruct-v0.1 2024-04-16 140.6 1.2 r=2024-04-17
Mistral-Nemo-Instruct-2407 2024-07-17 12.2 5 r=2024-07-18
Mistral-Large-Instruct-2407 2024-07-24 122.6 0.6
Pixtral-12B-2409 2024-09-11 12.7 1 n
Ministral-8B-Instruct-2410 2024-10-15 8.02 2 n,r=2024-10-16
Mistral-Small-24B-Instruct-2501 2025-01-28 23.6 4 n,r=2025-01-30
Mistral-Small-3.1-24B-Instruct-2503 2025-03-11 24.0 2.4 n,r=2025-03-17
Devstral-Small-2505 2025-05-12 23.6 0.8 n,r=2025-05-21
Magistral-Small-2506 2025-06-04 23.6 0.5 n,r=2025-06-10
Mistral-Small-3.2-24B-Instruct-2506 2025-06-19 24.0 3 n,r=2025-06-20
Devstral-Small-2507 2025-07-04 23.6 0.4 n,r=2025-07-10
Magistral-Small-2509 2025-09-12 24.0 0.3 n,r=2025-09-17
Ministral-3-3B-Instruct-2512 2025-10-31 4.25 0.8 n,r=2025-12-02
Ministral-3-8B-Instruct-2512 2025-10-31 8.92 0.8 n,r=2025-12-02
Mistral-Large-3-675B-Instruct-2512 2025-11-28 675 0.2 n
Devstral-2-123B-Instruct-2512 2025-12-08 125 0.3 n,r=2025-12-09
Mistral-Small-4-119B-2603 2026-01-23 119.4 0.2 n,r=2026-03-16
[swiss-ai]
Apertus-8B-Instruct-2509 2025-08-13 8.05 4 r=2025-09-02
Apertus-70B-Instruct-2509 2025-08-13 70.6 1 r=2025-09-02
[CohereLabs]
c4ai-command-r-v01 2024-03-11 35.0 0.3
aya-expanse-8b 2024-10-23 8.03 0.6
aya-vision-8b 2025-03-02 8.63 0.3 v
aya-vision-32b 2025-03-02 33.0 0.1 v
c4ai-command-a-03-2025 2025-03-11 111.1 0.2 r=2025-03-13
[LGAI-EXAONE]
EXAONE-3.5-7.8B-Instruct 2024-12-02 7.82 0.3
EXAONE-Deep-2.4B 2025-03-12 2.41 0.1
EXAONE-Deep-7.8B 2025-03-12 7.82 0.1
EXAONE-Deep-32B 2025-03-12 32.0 0.1
EXAONE-4.0-1.2B 2025-07-11 1.28 0.2
EXAONE-4.0-32B 2025-07-11 32.0 0.2
K-EXAONE-236B-A23B 2025-12-19 237.1 0.1
[tiiuae]
falcon-7b-instruct 2023-04-25 7.22 0.5
Falcon3-7B-Instruct 2024-11-29 7.46 0.2 r=2024-12-17
Falcon-H1-0.5B-Instruct 2025-05-01 0.521 0.2
Falcon-H1-34B-Instruct 2025-05-01 33.6 0.1
[Skywork]
Skywork-OR1-7B 2025-04-13 7.62 0.1
Skywork-R1V3-38B 2025-06-29 38.4 0.1 v
[Salesforce]
Llama-xLAM-2-8b-fc-r 2025-03-27 8.03 0.6 ft=meta-llama/Llama-3.1-8B-Instruct
xLAM-2-3b-fc-r 2025-03-27 3.09 0.3 ft=Qwen/Qwen2.5-3B-Instruct
xLAM-2-32b-fc-r 2025-03-27 32.76 0.1 ft=Qwen/Qwen2.5-32B-Instruct
[Snowflake]
snowflake-arctic-instruct 2024-04-24 478.6 0.2
Llama-3.1-SwiftKV-8B-Instruct 2024-12-02 8.03 0.3
[docling-project]
SmolDocling-256M-preview 2025-03-14 0.256 3 v
[AI-MO]
NuminaMath-7B-TIR 2024-07-04 6.91 0.8
Kimina-Prover-Distill-8B 2025-07-08 8.19 0.6
Kimina-Prover-Preview-Distill-7B 2025-04-13 7.62 0.5
Kimina-Prover-72B 2025-07-08 72.7 0.1
[llm-jp]
llm-jp-3-13b-instruct 2024-09-23 13.7 0.1
llm-jp-3.1-1.8b-instruct4 2025-05-23 1.87 0.1
"""

# First-party repositories that are never tracked, by what they are: embedding, reranker, guard,
# adapter, a converted format. Line: organisation/name created parameters_b final_downloads tag.
NEVER_TRACKED = """
Qwen/Qwen3-Embedding-0.6B 2025-06-03 0.596 31000000 feature-extraction
Qwen/Qwen3-Reranker-0.6B 2025-05-29 0.596 5200000 text-ranking
Qwen/Qwen3-8B-GGUF 2025-05-01 - 1900000 text-generation
Qwen/Qwen2.5-7B-Instruct-AWQ 2024-09-17 1.96 21000000 text-generation
meta-llama/Llama-Guard-3-8B 2024-07-22 8.03 1400000 text-generation
nvidia/llama-nemotron-embed-1b-v2 2025-08-14 1.24 800000 sentence-similarity
openai/clip-vit-large-patch14 2022-03-02 0.428 900000000 zero-shot-image-classification
BAAI/bge-m3 2024-01-27 0.568 150000000 sentence-similarity
google/embeddinggemma-300m 2025-07-17 0.303 6000000 sentence-similarity
"""

# Communities that publish derivatives of other organisations' models.
QUANTIZERS = ("bartowski", "unsloth", "mradermacher", "lmstudio-community", "TheBloke")
TUNERS = ("huihui-ai", "NousResearch", "dphn", "Orion-zhen", "prithivMLmods")

# Release dates that differ from the creation and stand in the ATOM files of the sample (the
# ATOM project's own corrections, one planted); the flag r= has those that only seeds know.
RELEASE_DATES: dict[str, str] = {
    "openai/gpt-oss-20b": "2025-08-05",
    "openai/gpt-oss-120b": "2025-08-05",
    "google/gemma-3-27b-it": "2025-03-12",
    "Qwen/QwQ-32B-Preview": "2024-11-28",
    "deepseek-ai/DeepSeek-V3": "2024-12-26",
    "deepseek-ai/DeepSeek-V3-0324": "2025-03-25",
    "Qwen/Qwen3-235B-A22B-Instruct-2507": "2025-07-25",
    "zai-org/GLM-4.5": "2025-07-28",
    "Qwen/Qwen3-Omni-30B-A3B-Instruct": "2025-09-22",
    "Qwen/Qwen3-VL-235B-A22B-Instruct": "2025-09-23",
    "inclusionAI/Ling-1T": "2025-10-09",
    "allenai/olmOCR-2-7B-1025-FP8": "2025-10-22",
    "MiniMaxAI/MiniMax-M2": "2025-10-27",
    "moonshotai/Kimi-K2-Thinking": "2025-11-06",
    "allenai/Olmo-3-32B-Think": "2025-11-20",
    "mistralai/Mistral-Large-3-675B-Instruct-2512": "2025-12-02",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": "2025-12-15",
    "MiniMaxAI/MiniMax-M2.1": "2025-12-23",
    "moonshotai/Kimi-K2.5": "2026-01-27",
    "zai-org/GLM-5": "2026-02-12",
    # Planted: on another platform first, so earlier than the creation on the Hub.
    "baidu/ERNIE-4.5-21B-A3B-Thinking": "2025-09-05",
}
