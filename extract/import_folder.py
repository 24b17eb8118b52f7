"""The folder that `python -m extract import` reads, and its manifest.csv."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath

from extract.errors import ImportFolderError

LAYOUT = """\
The import folder holds any of these parts; each may be absent.

  hub_stats/2026-05-20.parquet       a dated snapshot in hub-stats' columns
      id, createdAt, downloads, downloadsAllTime, likes, tags, safetensors, gguf, baseModels,
      pipeline_tag, library_name (and _id); a row: Qwen/Qwen3-8B, 2025-04-27, 1000000, …
  readings/mine.csv or .csv.gz       dated readings
      as_of,model_id,downloads_30d[,downloads_all_time,likes,parameters_total,pipeline_tag,
      license,created_on]
      2026-05-20,Qwen/Qwen3-8B,1000000
  openrouter/rankings.csv            daily tokens
      date,model_permaslug,total_tokens
      2026-05-24,qwen/qwen3-8b-04-28,1000000000
  openrouter/models.json             the catalogue as the API gives it
      {"data":[{"id":"qwen/qwen3-8b","canonical_slug":"qwen/qwen3-8b-04-28",
                "hugging_face_id":"Qwen/Qwen3-8B","name":"Qwen3 8B","created":1745876632}]}
  tracked-models/                    the layout of the ATOM project's repository
      models.csv, extra_models.csv       org,model,modelId
                                         Qwen,Qwen3-8B,Qwen/Qwen3-8B
      metadata/model_parameters.csv      model_id,total_params_b,active_params_b,is_moe,notes
      metadata/organization_regions.csv  hf_org,region,notes
      metadata/release_date_corrections.csv
                                         model_id,hf_created_at,actual_release_date,notes
  manifest.csv                       for files whose date is known within bounds only; an empty
      as_of means the rows' own dates. scope: hub (the whole Hub) or rows (an extract)
      file,as_of,days_early[,scope]
      hub_stats/2026-05-20.parquet,2026-05-24,4
  SYNTHETIC                          an empty file of this name marks every row as synthetic

A CSV of readings/ or openrouter/ is known by its name, tracked-models/ as a whole: imported again
with other content, or from another folder, it takes the place of what was imported before.
"""

SCOPES = ("", "hub", "rows")

# What is read of the parts that hold files of any name.
_ENDINGS = {
    "hub_stats": (".parquet",),
    "readings": (".csv", ".csv.gz"),
    "openrouter": (".csv", ".csv.gz", "models.json"),
}


@dataclass(frozen=True)
class Dating:
    """A manifest.csv row: the later bound of the day, days before it, and the scope ('' = none)."""

    as_of: date | None = None
    days_early: int = 0
    scope: str = ""


@dataclass(frozen=True)
class ImportFolder:
    """An import folder. `datings` maps a file, relative to the folder, to its manifest.csv row."""

    root: Path
    is_synthetic: bool
    datings: dict[str, Dating] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> ImportFolder:
        """Read the folder's manifest.csv. Raises ImportFolderError with the row it cannot read."""
        if not root.is_dir():
            raise ImportFolderError(f"there is no folder '{root.name}' to import")
        return cls(
            root=root,
            is_synthetic=(root / "SYNTHETIC").exists(),
            datings=_read_datings(root / "manifest.csv"),
        )

    def files(self, part: str, *endings: str) -> list[Path]:
        """Files directly in a part of the folder with one of the endings, by name.

        What it passes over is in `warnings`.
        """
        folder = self.root / part
        if not folder.is_dir():
            return []
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_file() and path.name.endswith(endings) and not path.name.startswith(".")
        )

    def name(self, path: Path) -> str:
        """How messages and manifests name a file: relative to the folder."""
        return path.relative_to(self.root).as_posix()

    def dating(self, path: Path) -> Dating:
        """The file's manifest.csv row, or the defaults."""
        return self.datings.get(self.name(path), Dating())

    def warnings(self) -> list[str]:
        """What is of no effect: files that manifest.csv names and the folder does not hold, and
        files of the folder's parts that nothing reads."""
        strays = sorted(name for name in self.datings if not (self.root / name).exists())
        return [f"manifest.csv names {name}, which is not in the folder" for name in strays] + [
            f"{self.name(path)} is not read: {part}/ has files that end in {' or '.join(endings)}"
            for part, endings in _ENDINGS.items()
            for path in sorted((self.root / part).rglob("*"))
            if path.is_file()
            and not path.name.startswith(".")
            and not (path.parent == self.root / part and _is_read(path.name, endings))
        ]


def _is_read(name: str, endings: Sequence[str]) -> bool:
    """Whether a file has one of the endings, or is the one that is named."""
    return any(
        name.endswith(ending) if ending.startswith(".") else name == ending for ending in endings
    )


def stem(path: Path) -> str:
    """A file's name without .csv, .csv.gz, .parquet or .json."""
    return re.sub(r"\.(csv|csv\.gz|parquet|json)$", "", path.name)


def _read_datings(path: Path) -> dict[str, Dating]:
    if not path.exists():
        return {}
    datings: dict[str, Dating] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            missing = {"file", "as_of", "days_early"} - set(rows.fieldnames or ())
            if missing:
                raise ImportFolderError(
                    f"manifest.csv has no column {', '.join(sorted(missing))}; "
                    "its header is file,as_of,days_early[,scope]"
                )
            for number, row in enumerate(rows, start=1):
                name = PurePosixPath((row["file"] or "").strip().replace("\\", "/")).as_posix()
                if name in datings:
                    raise ImportFolderError(f"manifest.csv row {number}: {name} is there twice")
                datings[name] = _dating(row, number)
    except UnicodeDecodeError:
        raise ImportFolderError("manifest.csv is no UTF-8 text: save it as UTF-8") from None
    except (OSError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ImportFolderError(
            f"manifest.csv cannot be read ({why}): it is a file of comma-separated text with the "
            "header file,as_of,days_early[,scope]"
        ) from None
    return datings


def _dating(row: dict[str, str | None], number: int) -> Dating:
    as_of, days_early, scope = (
        (row.get(column) or "").strip() for column in ("as_of", "days_early", "scope")
    )
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise ImportFolderError(
            f"manifest.csv row {number}: as_of '{as_of}' is no date; write YYYY-MM-DD or nothing"
        ) from None
    if not re.fullmatch(r"\d{0,4}", days_early):
        raise ImportFolderError(
            f"manifest.csv row {number}: days_early '{days_early}' is no whole number of days"
        )
    if scope not in SCOPES:
        raise ImportFolderError(
            f"manifest.csv row {number}: scope '{scope}' is neither hub nor rows nor empty"
        )
    return Dating(day, int(days_early or 0), scope)
