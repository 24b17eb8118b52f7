"""dbt's manifest: parsed when the project's files have changed, and only then.

Imports neither Dagster nor dbt, so that a command can start parsing before it loads them.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Self

from extract.errors import without_folders

# Files that decide what a manifest says.
_INPUT_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md"})

# A hung dbt ends here: the page takes seconds.
DOCS_SECONDS = 300


class ManifestError(Exception):
    """dbt cannot parse the project; the message is one line."""


def dbt_executable() -> str:
    """The dbt that stands beside the running Python, whether or not that is on PATH."""
    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.exists() else "dbt"


@dataclass(frozen=True)
class Mark:
    """The file beside a manifest that says which files of the project it was parsed from.

    Contents are compared, not times: a checkout changes times, a deleted file leaves none.
    """

    path: Path
    inputs: str

    @classmethod
    def of(cls, project_dir: Path, target: Path) -> Self:
        """The mark that a manifest of the present files gets."""
        return cls(target / "manifest.inputs", inputs_digest(project_dir))

    def fits(self) -> bool:
        """Whether the manifest that lies there is one of the present files."""
        return (
            self.path.with_name("manifest.json").exists()
            and self.path.exists()
            and self.path.read_text(encoding="ascii") == self.inputs
        )

    def write(self) -> None:
        """Note that the manifest is one of these files."""
        self.path.write_text(self.inputs, encoding="ascii")


def parse_if_stale(project_dir: Path, target: Path) -> bool:
    """Run `dbt parse` if no manifest fits the project's files; says whether it ran.

    Raises:
        ManifestError: dbt cannot parse the project.
    """
    mark = Mark.of(project_dir, target)
    if mark.fits():
        return False
    target.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [dbt_executable(), "--quiet", "parse", "--project-dir", str(project_dir)],
        env={**os.environ, "DBT_TARGET_PATH": str(target), "DBT_PROFILES_DIR": str(project_dir)},
        cwd=project_dir,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ManifestError(f"dbt parse failed: {said_by_dbt(done.stdout + done.stderr)}")
    mark.write()
    return True


def docs_page(project_dir: Path, target: Path) -> Path:
    """dbt's own documentation of the project as one static page; takes about 6 seconds.

    Reads the warehouse for types and needs a manifest (`parse_if_stale`).

    Raises:
        ManifestError: dbt cannot write the page, or not within DOCS_SECONDS.
    """
    try:
        done = subprocess.run(
            [
                dbt_executable(),
                "--quiet",
                "docs",
                "generate",
                "--static",
                "--no-compile",
                "--project-dir",
                str(project_dir),
            ],
            env={
                **os.environ,
                "DBT_TARGET_PATH": str(target),
                "DBT_PROFILES_DIR": str(project_dir),
            },
            cwd=project_dir,
            capture_output=True,
            text=True,
            check=False,
            timeout=DOCS_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ManifestError(f"dbt docs took longer than {DOCS_SECONDS} s: stopped") from None
    if done.returncode != 0:
        raise ManifestError(f"dbt docs failed: {said_by_dbt(done.stdout + done.stderr)}")
    return target / "static_index.html"


def inputs_digest(project_dir: Path) -> str:
    """sha256 over names and contents of the project's files, and dbt's version."""
    digest = hashlib.sha256(installed_version("dbt-core").encode())
    # What a target means is in the project's files; which one it is changes the manifest too.
    digest.update(os.environ.get("HUBTIDE_TARGET", "").encode())
    for path in sorted(project_dir.rglob("*")):
        relative = path.relative_to(project_dir)
        if path.suffix in _INPUT_SUFFIXES and relative.parts[0] not in ("target", "logs"):
            digest.update(f"\n{relative.as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def said_by_dbt(text: str, limit: int = 400) -> str:
    """Text as one line of at most `limit` characters, without dbt's own heading line and without
    the folders of this machine."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].split(" in ")[0].endswith("Error"):
        lines = lines[1:]
    line = without_folders(" ".join(lines))
    return line if len(line) <= limit else line[: limit - 1] + "…"
