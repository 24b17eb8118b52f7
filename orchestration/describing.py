"""What explains a build, written into its folder: data dictionary and dataset card."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.dataset_card import CARD, dataset_card
from orchestration.dictionary import dictionary, dictionary_page
from orchestration.publishing import DATABASE

DICTIONARY_PAGE = "dictionary.html"
DICTIONARY = "dictionary.json"


def describe(folder: Path, sources: Sequence[Mapping[str, Any]], dbt_manifest: Path) -> None:
    """Write dictionary and card of the marts in `folder`, from dbt's manifest.

    `sources` are the build's, with title, licence, as_of and citation.
    """
    manifest = json.loads(dbt_manifest.read_bytes())
    content = dictionary(manifest, folder / DATABASE)
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    (folder / DICTIONARY).write_text(text + "\n", encoding="utf-8")
    (folder / DICTIONARY_PAGE).write_text(dictionary_page(content), encoding="utf-8")
    card = dataset_card(content, sources, folder / DATABASE)
    (folder / CARD).write_text(card, encoding="utf-8")
