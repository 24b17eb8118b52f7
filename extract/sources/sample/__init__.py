"""A synthetic sample: an import folder with planted cases, and the truth about it.

`generate(directory)` writes the layout of `make import` (see README.md), a file `SYNTHETIC` that
marks it, and `truth.json`. No clock, no network, no random state from outside: two runs give the
same bytes (Parquet: the same rows in the same order). Names, creation days and sizes of models
are real; every download, like and token is SYNTHETIC, calibrated so that the tracked models add
up to the published aggregates of the end of 2026-03 (docs/method.md, Published figures).

Planted cases
=============
======================================================  =======================================
case: where                                             what the warehouse must say
======================================================  =======================================
missing day: 2025-06-11                                 all counters interpolated on it
missing run: 2025-09-08 to 2025-09-12                   interpolated, floor((c1-c0)*k/n)
missing over a month end: 2025-11-29 to 2025-12-02      November ends with an interpolated value
created in a gap: Qwen3-Next-80B-A3B-Instruct           from 0 on 2025-09-08 to 2025-09-13
wide gap: openbmb/MiniCPM4.1-8B at 7 days               C is shown, but in no reference or rank
unchanged counter: llm-jp/llm-jp-3-13b-instruct,        observed days with 0 downloads (inside
  2025-08-20 to 2025-10-03                                the missing run: interpolated)
spam removed: internlm/internlm2_5-7b-chat              adjustment on 2025-10-20
spam removed inside a gap:                              held until 2025-09-12, adjustment on
  microsoft/Phi-3-mini-4k-instruct                        2025-09-13
renamed, same _id: six zai-org models, THUDM before     one model, one history, id under zai-org
  2025-07-10
renamed, no _id: CohereLabs, CohereForAI before         one model by the alias seed
  2025-04-15
name reused: mini-forge/pocket-chat-1b                  two models; the first as name@_id
absent and back: openbmb/MiniCPM3-4B,                   interpolated while absent
  2025-10-05 to 2025-10-16
vanished: XiaomiMiMo/MiMo-7B-RL after 2026-01-14        carried in groups, days missing, not
                                                          available
first read late: moonshotai/Kimi-K2.5, 26 days after    first counter is before history, no C
first read within a week:                               interpolated from 0 on 2025-11-03
  moonshotai/Kimi-K2-Thinking, 2 days after
rejected record: google/gemma-2-9b-it on 2025-12-17     a row of raw.rejects; interpolated
precision copies: -FP8, -NVFP4 of an original           one release_id with the original
4-bit packed: Nemotron-3-Super-120B-A12B-NVFP4,         size from the name: 120 billion, not the
  stored elements 67 billion                              stored elements
no pipeline tag, library vllm: mistralai, several       tracked all the same
never tracked: NEVER_TRACKED in catalogue.py            is_tracked = false
unknown size: tencent/Hunyuan-Open-Preview (invented)   bucket `unknown`
unknown organisation: quiet-harbor-lab (invented)       region `unknown`
released after creation: gpt-oss, gemma-3-27b-it, …     day 0 is the release
created before the first snapshot, released after it:   first counter is before history, and C is
  google/gemma-3-4b-it                                    known all the same
created just before the first snapshot:                 C at 7 and 14 days, basis trailing_30d
  moonshotai/Moonlight-16B-A3B-Instruct
released before creation:                               released_on 2025-09-05, no adoption
  baidu/ERNIE-4.5-21B-A3B-Thinking
only in the readings file: LiquidAI/LFM2-2.6B           C at 7 and 14 days, basis trailing_30d
other case in the readings file:                        the same model
  meta-llama/llama-3.1-8b-instruct
readings that disagree by 20 %: gpt-oss-20b,            a row of source_disagreements
  2026-03-08
ATOM file: GLM-4.5 as 9B, Intern-S1 as 7B,              the better evidence wins, disagreement
  docling-project as us                                   rows
diamond, merges of 2 to 4, chain of 6, 2- and 3-cycle,  lineage.* of truth.json
  self edge, parents not loaded and dangling, parents
  by an old name and by another case: lineage-lab
restated tokens: 2026-02-26 and 2026-02-27              the newer as_of
created at the Hub's floor: openai/clip-vit-large-      no creation day
  patch14
one more dtype from 2026-01-05, an unknown column       loads; the column reported once
  `xet_enabled` from 2026-03-01
======================================================  =======================================

truth.json
==========
data_kind, first_day, as_of, published_day, missing_days, snapshots (files), rejects (records),
file_only_model, unknown_region_orgs; and

models       by model_id: hub_id, org, region (null for organisations outside the catalogue),
             is_tracked, is_available, parameters_total, size_bucket, release_id (the original's
             name), created_on, released_on, first_reading_on, last_reading_on,
             downloads_before_history, downloads_all_time (last reading), counter_published and
             counter_as_of (at the end of 2026-03 and the as-of day, carried). Size, bucket,
             release and release date are meant for tracked models.
months       model_id, month, downloads, adjustment, cumulative_downloads, days_observed,
             days_interpolated, is_carried (the month ends after the last reading). From the
             month of the first known counter to that of the as-of day.
groups       population, month, kind (all, region, org, size_bucket), key, downloads, adjustment,
             cumulative_downloads, models_carried, newly_covered; hub only with kind all.
adoption     tracked models by horizon: model_id, size_bucket, horizon_days,
             cumulative_downloads, basis, is_interpolated, is_wide_gap, ram_median, ram_cutoff,
             ram_cohort, in_reference, rank_in_bucket; null where unknown. Scores and ranks of
             wide gaps are null.
references   size_bucket, horizon_days, reference_median(_models), reference_cutoff(_raw,
             _models), reference_cohort, top_set (model_ids).
lineage      edges (child_id, parent_id, relation, parent_status, is_dangling, is_self, in_cycle,
             is_first_party), closure (model_id, ancestor_id, depth), roots (model_id, root_id,
             roots: how many, so a weight is 1 / roots, depth, root_is_provisional).
tokens       day, base_slug, tokens (variants summed; `other` included).
token_models base slug to repository, as the catalogue spells it.
"""

from __future__ import annotations

import json
from pathlib import Path

from extract.sources.sample.build import build_models
from extract.sources.sample.truth import build_truth
from extract.sources.sample.write import write_folder

__all__ = ["generate"]


def generate(directory: Path) -> None:
    """Writes the sample and its truth into `directory`, which is made if it is not there.

    391 daily snapshots of up to 650 models, 18 MB, in some seconds. Raises OSError where
    the directory cannot be written. Files of an earlier run are replaced.
    """
    models = build_models()
    write_folder(directory, models)
    truth = json.dumps(build_truth(models), ensure_ascii=False)
    (directory / "truth.json").write_text(truth + "\n", encoding="utf-8")
