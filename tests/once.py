"""What the processes of one test session make once, and share: a parsed project, a sample.

Nobody may write to it; copies are free.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pprint
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from extract.sources import sample
from orchestration.environment import DBT_PROJECT_DIR, PROJECT_ROOT

# Where it lies: conftest.py sets it before the first test.
root: Path | None = None

MANIFEST, PARTIAL, MARK = "manifest.json", "partial_parse.msgpack", "manifest.inputs"


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills for whoever asks for it first, in whichever process."""
    assert root is not None, "asked for before the session began"
    folder, done = root / name, root / f"{name}.done"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def environment_of(home: Path) -> dict[str, str]:
    """This process's environment with its state in `home`, without this machine's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DBT_", "DAGSTER_", "HUBTIDE_", "HF_", "OPENROUTER_"))
    }
    # A token that lies in the user's own folder is nothing for a test.
    return {**kept, "HUBTIDE_HOME": str(home), "HF_HOME": str(home / ".huggingface")}


def sample_folder() -> Path:
    """The synthetic import folder."""
    return once("sample_folder", sample.generate)


def parsed() -> Path:
    """A home in which the project is parsed, with dbt's files in `.dbt`."""

    def parse(home: Path) -> None:
        subprocess.run(
            [sys.executable, "-m", "orchestration", "parse"],
            cwd=PROJECT_ROOT,
            env=environment_of(home),
            check=True,
        )

    return once("parsed", parse)


def lend_parsed(home: Path, target: Path) -> None:
    """Give a home whose project was never parsed what dbt keeps of parsing it.

    dbt parses all anew, for ten seconds, where its profile is another than it was; it knows the
    profile by a digest, and two homes differ in it by the path of the warehouse alone.
    """
    if (target / PARTIAL).exists():
        return
    lender = parsed()
    target.mkdir(parents=True, exist_ok=True)
    kept = (lender / ".dbt" / PARTIAL).read_bytes()
    before = _profile_digest(lender)
    assert kept.count(before) == 1, "dbt no longer knows its profile by this digest"
    (target / PARTIAL).write_bytes(kept.replace(before, _profile_digest(home)))
    for name in (MANIFEST, MARK):
        shutil.copy(lender / ".dbt" / name, target / name)


def _profile_digest(home: Path) -> bytes:
    template = (DBT_PROJECT_DIR / "profiles.yml").read_text(encoding="utf-8")
    profiles = jinja2.Template(template).render(env_var=os.environ.get)
    output: dict[str, Any] = yaml.safe_load(profiles)["hubtide"]["outputs"]["duckdb"]
    output |= {"path": f"{home}/warehouse.duckdb"}
    credentials = DuckDBCredentials.from_dict(
        {name: value for name, value in output.items() if name not in ("type", "threads")}
    )
    keys = sorted(credentials.connection_info())
    return hashlib.sha256(pprint.pformat(keys).encode()).hexdigest().encode()
