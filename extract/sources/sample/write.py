"""Writes the sample's files in the layout of `make import`. Everything in them is SYNTHETIC."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import duckdb

from extract.sources.sample import catalogue, tokens
from extract.sources.sample.models import (
    BILLION,
    FIRST_DAY,
    READ_DAYS,
    Edge,
    Model,
    at,
    day_of,
)

# hub-stats has the column baseModels from July 2025 on; before that only tags name the parents.
BASE_MODELS_FROM = at("2025-07-10")
# Drift, as in the real files: one more dtype, and later a column that the loader does not know.
NEW_DTYPE_FROM = at("2026-01-05")
NEW_COLUMN_FROM = at("2026-03-01")

READINGS_FILE = "readings/trailing_30d.csv.gz"
# A model that only the readings file knows: (day, trailing 30 days, likes).
FILE_ONLY_MODEL = "LiquidAI/LFM2-2.6B"
FILE_ONLY_CREATED = "2025-09-23"
FILE_ONLY_PARAMETERS = 2_570_000_000
FILE_ONLY_READINGS = (
    ("2025-09-26", 210, 3),
    ("2025-09-30", 640, 9),
    ("2025-10-07", 1_405, 17),
    ("2025-10-23", 2_950, 24),
)
# Days on which the readings file repeats what hub-stats says, and one value that is 20 % higher.
FILE_DAYS = ("2026-02-15", "2026-02-22", "2026-03-01", "2026-03-08", "2026-03-15")
FILE_MODELS = (
    "Qwen/Qwen3-8B",
    "meta-llama/Llama-3.1-8B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.2",
    "openai/gpt-oss-20b",
    "deepseek-ai/DeepSeek-R1",
    "google/gemma-3-1b-it",
)
FILE_DISAGREES = ("openai/gpt-oss-20b", "2026-03-08")
FILE_OTHER_CASE = ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/llama-3.1-8b-instruct")


def write_folder(directory: Path, models: Sequence[Model]) -> None:
    """Writes all parts but `truth.json`. The directory must be new or empty of them."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "SYNTHETIC").write_text(
        "Every download, like and token in this folder is SYNTHETIC. Names and sizes are real.\n"
    )
    write_hub_stats(directory / "hub_stats", models)
    _write_readings(directory / READINGS_FILE, models)
    _write_tracked_models(directory / "tracked-models", models)
    files = [(f"hub_stats/{day_of(day)}.parquet", str(day_of(day)), 0, "hub") for day in READ_DAYS]
    files.append((READINGS_FILE, "", 0, "rows"))
    for name, as_of, rows in tokens.ranking_files():
        _write_csv(directory / name, ("date", "model_permaslug", "total_tokens"), rows)
        files.append((name, as_of, 0, ""))
    (directory / "openrouter" / "models.json").write_text(
        json.dumps({"data": tokens.catalogue_entries()}, indent=1) + "\n"
    )
    files.append(("openrouter/models.json", tokens.CATALOGUE_READ_ON, 0, ""))
    _write_csv(directory / "manifest.csv", ("file", "as_of", "days_early", "scope"), files)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


# --- hub_stats -----------------------------------------------------------------------------


def _tags(model: Model, day_name: str, edges: list[Edge]) -> list[str]:
    tags = [model.library] if model.library else []
    if model.dtypes:
        tags.append("safetensors")
    if model.gguf_total:
        tags.append("gguf")
    if model.pipeline_tag:
        tags.append(model.pipeline_tag)
    tags += [*model.tags, "conversational", "license:apache-2.0"]
    for edge in edges:
        tags.append(f"base_model:{edge.parent_id}")
        if edge.relation != "unspecified":
            tags.append(f"base_model:{edge.relation}:{edge.parent_id}")
    if day_name.split("/")[0] in catalogue.ORGANISATIONS:
        tags.append("region:us")  # where the file is stored, on every repository: no nationality
    return tags


def _base_models(model: Model) -> dict[str, object] | None:
    if not model.edges or model.edges_from != "base_models":
        return None
    return {
        "relation": model.edges[0].relation,
        "models": [{"_id": edge.oid, "id": edge.parent_id} for edge in model.edges],
    }


def _static_rows(models: Sequence[Model]) -> Iterable[dict[str, object]]:
    """One row a model and name: what does not change from day to day."""
    for index, model in enumerate(models):
        spans = [(0, model.model_id)]
        if model.earlier_names:
            last_day, earlier = model.earlier_names[0]
            spans = [(0, earlier), (last_day + 1, model.model_id)]
        for number, (from_day, name) in enumerate(spans):
            to_day = spans[number + 1][0] - 1 if number + 1 < len(spans) else 10_000
            yield {
                "idx": index,
                "from_day": from_day,
                "to_day": to_day,
                "id": name,
                "_id": model.oid,
                "createdAt": model.created_at.isoformat(sep=" "),
                "tags": _tags(model, name, model.edges),
                "cardData": json.dumps(
                    {"license": "apache-2.0", "base_model": [e.parent_id for e in model.edges]}
                    if model.edges
                    else {"license": "apache-2.0"}
                ),
                "parameters": model.dtypes or None,
                "total": sum(model.dtypes.values()) if model.dtypes else None,
                "gguf": json.dumps({"total": model.gguf_total, "architecture": "llama"})
                if model.gguf_total
                else None,
                "baseModels": _base_models(model),
                "pipeline_tag": model.pipeline_tag,
                "library_name": model.library,
            }


def _counter_rows(models: Sequence[Model]) -> Iterable[tuple[int, int, int, int, int]]:
    """(day, model, trailing 30 days, all time, likes) of every model present on a read day."""
    for index, model in enumerate(models):
        for day in READ_DAYS:
            if not model.is_present(day):
                continue
            count = model.counters[day]
            likes = 1 + count // 20_000
            if day in model.rejected_on:
                count = -1  # breaks the contract: the loader must reject it
            yield day, index, max(model.trailing[day], 0), count, likes


_SELECT = """
select
    date '{first_day}' + c.day as snapshot,
    s._id,
    s.id,
    split_part(s.id, '/', 1) as author,
    s."createdAt",
    greatest(s."createdAt", timestamp '2025-02-20 09:00:00') as "lastModified",
    c.downloads,
    c.downloads_all_time as "downloadsAllTime",
    c.likes,
    round(least(c.downloads / 1000.0, 500), 1)::double as "trendingScore",
    s.tags,
    s."cardData",
    case when s.total is not null then {{
        'parameters': {{{dtypes}}},
        'total': s.total
    }} end as safetensors,
    s.gguf,
    {base_models} as "baseModels",
    s.pipeline_tag,
    s.library_name
    {extra}
from counters as c
inner join models as s on c.idx = s.idx and c.day between s.from_day and s.to_day
where c.day between {low} and {high}
order by c.day, c.idx
"""


def write_hub_stats(directory: Path, models: Sequence[Model]) -> None:
    """Writes one Parquet file a read day, in hub-stats' columns."""
    directory.mkdir(parents=True, exist_ok=True)
    bounds = sorted({0, BASE_MODELS_FROM, NEW_DTYPE_FROM, NEW_COLUMN_FROM, READ_DAYS[-1] + 1})
    with tempfile.TemporaryDirectory(dir=directory.parent) as name, duckdb.connect() as connection:
        # One thread and one open file a day give one file a day, in the order of the query.
        connection.execute("set threads = 1")
        connection.execute("set partitioned_write_max_open_files = 1000")
        scratch = Path(name)
        _load(connection, scratch, models)
        for low, next_low in pairwise(bounds):
            dtypes = ["BF16", "F32", "F16", "F8_E4M3", "U8", "I32"]
            if low >= NEW_DTYPE_FROM:
                dtypes.append("F8_E8M0")
            query = _SELECT.format(
                first_day=FIRST_DAY,
                dtypes=", ".join(f"'{dtype}': s.parameters['{dtype}']" for dtype in dtypes),
                base_models='s."baseModels"'
                if low >= BASE_MODELS_FROM
                else "null::struct(relation varchar, models struct(_id varchar, id varchar)[])",
                extra=", true as xet_enabled" if low >= NEW_COLUMN_FROM else "",
                low=low,
                high=next_low - 1,
            )
            part = scratch / f"part_{low}"
            connection.execute(
                f"copy ({query}) to '{part}' (format parquet, partition_by (snapshot), "
                "compression zstd)"
            )
            for folder in sorted(part.iterdir()):
                (file,) = folder.iterdir()
                day = folder.name.partition("=")[2]
                file.replace(directory / f"{day}.parquet")


def _load(connection: duckdb.DuckDBPyConnection, scratch: Path, models: Sequence[Model]) -> None:
    """Puts the models and their counters into two tables of the writing connection."""
    static = scratch / "models.json"
    with static.open("w", encoding="utf-8") as file:
        for row in _static_rows(models):
            file.write(json.dumps(row) + "\n")
    connection.execute(
        """
        create table models as
        select * from read_json(?, format = 'newline_delimited', columns = {
            'idx': 'integer', 'from_day': 'integer', 'to_day': 'integer', 'id': 'varchar',
            '_id': 'varchar', 'createdAt': 'timestamp', 'tags': 'varchar[]',
            'cardData': 'varchar', 'parameters': 'map(varchar, bigint)', 'total': 'bigint',
            'gguf': 'varchar',
            'baseModels': 'struct(relation varchar, models struct(_id varchar, id varchar)[])',
            'pipeline_tag': 'varchar', 'library_name': 'varchar'})
        """,
        [str(static)],
    )
    counters = scratch / "counters.csv"
    with counters.open("w", newline="", encoding="utf-8") as csv_file:
        csv.writer(csv_file, lineterminator="\n").writerows(_counter_rows(models))
    connection.execute(
        """
        create table counters as
        select * from read_csv(?, header = false, columns = {
            'day': 'integer', 'idx': 'integer', 'downloads': 'bigint',
            'downloads_all_time': 'bigint', 'likes': 'bigint'})
        """,
        [str(counters)],
    )


# --- readings, tracked-models --------------------------------------------------------------


def _write_readings(path: Path, models: Sequence[Model]) -> None:
    by_id = {model.model_id: model for model in models}
    rows: list[tuple[object, ...]] = [
        (day, FILE_ONLY_MODEL, count, likes, FILE_ONLY_PARAMETERS, "text-generation", "other",
         FILE_ONLY_CREATED)
        for day, count, likes in FILE_ONLY_READINGS
    ]  # fmt: skip
    for day in FILE_DAYS:
        for model_id in FILE_MODELS:
            model = by_id[model_id]
            count = model.trailing[at(day)]
            if (model_id, day) == FILE_DISAGREES:
                count = count * 6 // 5
            written = FILE_OTHER_CASE[1] if model_id == FILE_OTHER_CASE[0] else model_id
            likes = 1 + model.counters[at(day)] // 20_000
            size = sum(model.dtypes.values())
            rows.append(
                (day, written, count, likes, size, model.pipeline_tag, "", model.created_at.date())
            )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("as_of", "model_id", "downloads_30d", "likes", "parameters_total", "pipeline_tag",
         "license", "created_on")
    )  # fmt: skip
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    # No name and no time in the header, so that the bytes are the same every time.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


# Where the ATOM layout deliberately disagrees: sizes and a region that better evidence corrects.
ATOM_WRONG_SIZES = {
    "zai-org/GLM-4.5": (9.0, "Legacy data; not recently reviewed."),
    "internlm/Intern-S1": (7.0, ""),
}
ATOM_REGIONS = {"docling-project": "us"}


def _write_tracked_models(directory: Path, models: Sequence[Model]) -> None:
    tracked = [model for model in models if model.tracked]
    listed = [model for model in tracked if model.region in ("china", "us")][::2]
    extra = [model for model in tracked if model.region == "eu"][::3]
    for name, part in (("models.csv", listed), ("extra_models.csv", extra)):
        rows = [(model.org, model.name, model.model_id) for model in part]
        _write_csv(directory / name, ("org", "model", "modelId"), rows)
    metadata = directory / "metadata"
    sizes: list[tuple[object, ...]] = []
    for model in tracked:
        if model.model_id in ATOM_WRONG_SIZES:
            size, note = ATOM_WRONG_SIZES[model.model_id]
            sizes.append((model.model_id, size, "", "", note))
        elif model.parameters and model.parameters >= 100 * BILLION:
            sizes.append((model.model_id, model.parameters / BILLION, "", "", ""))
    _write_csv(
        metadata / "model_parameters.csv",
        ("model_id", "total_params_b", "active_params_b", "is_moe", "notes"),
        sizes,
    )
    orgs = sorted({(model.org, model.region) for model in tracked})
    regions = [(org, ATOM_REGIONS.get(org, region), "") for org, region in orgs]
    regions.append(("THUDM", "china", "Legacy GLM namespace now represented by zai-org."))
    header = ("hf_org", "region", "notes")
    _write_csv(metadata / "organization_regions.csv", header, regions)
    by_id = {model.model_id: model for model in tracked}
    text = io.StringIO()
    text.write("# Manual release date corrections\n")
    text.write("# HF created_at can differ from actual public release date\n")
    text.write("# Format: model_id,hf_created_at,actual_release_date,notes\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("model_id", "hf_created_at", "actual_release_date", "notes"))
    for model_id, released in catalogue.RELEASE_DATES.items():
        writer.writerow((model_id, by_id[model_id].created_at.date(), released, ""))
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "release_date_corrections.csv").write_text(text.getvalue())
