"""`hubtide`: the headline tables, one model's story, or one organisation's."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hubtide import headline, model_story, organization_story
from hubtide.marts import (
    DATABASE,
    Marts,
    MartsError,
    Record,
    find_model,
    find_organization,
    near_names,
    open_marts,
)
from hubtide.text import SYNTHETIC_BANNER, banner_lines, printable, printable_lines

PROJECT = Path(__file__).resolve().parent.parent


class UnknownNameError(Exception):
    """The build has no model and no organisation of that name; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for; the exit status is 0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        with open_marts(options.marts or default_file()) as marts:
            text = _as_json(marts, options.name) if options.json else _as_text(marts, options.name)
    except (MartsError, UnknownNameError) as error:
        sys.stderr.write(f"hubtide: {printable(str(error))}\n")
        return 1
    try:
        sys.stdout.write(printable_lines(text) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # `hubtide | head`: what was wanted has been read.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def default_file() -> Path:
    """The published file of HUBTIDE_HOME, else of the project folder."""
    home = os.environ.get("HUBTIDE_HOME", "")
    return (Path(home) if home else PROJECT) / "exports" / DATABASE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hubtide",
        description="The published tables: the headline, or the story of a model (Qwen/Qwen3-8B) "
        "or of an organisation (Qwen).",
    )
    parser.add_argument("name", nargs="?", default="", help="a model or an organisation")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--marts",
        type=Path,
        metavar="FILE",
        help="a published file (default: $HUBTIDE_HOME/exports/marts.duckdb)",
    )
    return parser


def _as_text(marts: Marts, name: str) -> str:
    if not name:
        return headline.headline_text(marts)
    kind, found = _found(marts, name)
    if kind == "model":
        parts = model_story.text(model_story.story(marts, found))
    else:
        parts = organization_story.text(organization_story.story(marts, found))
    banner = [banner_lines()] if marts.about["data_kind"] == "synthetic" else []
    return "\n\n".join([*banner, headline.build_line(marts.about), *parts, *banner])


def _as_json(marts: Marts, name: str) -> str:
    build: Record = dict(marts.about)
    if build["data_kind"] == "synthetic":
        build["notice"] = SYNTHETIC_BANNER
    content: Record = {"build": build}
    if not name:
        content |= {"tables": headline.as_records(marts)}
    else:
        kind, found = _found(marts, name)
        read = model_story.story if kind == "model" else organization_story.story
        content |= read(marts, found)
    # ASCII alone: what is not, is escaped by JSON's own rule.
    return json.dumps(content, indent=2, ensure_ascii=True, default=_json_value)


def _found(marts: Marts, name: str) -> tuple[str, str]:
    """What a name is, `model` or `organization`, and how the marts spell it."""
    for kind, find in (("model", find_model), ("organization", find_organization)):
        if spelled := find(marts, name):
            return kind, spelled
    near = [printable(other) for other in near_names(marts, name)]
    offer = f"; near it: {', '.join(near)}" if near else ""
    raise UnknownNameError(f"build {marts.about['build_id']} knows no {printable(name)}{offer}")


def _json_value(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)
