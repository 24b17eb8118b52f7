"""What names a build: its id, the commit and the seeds that it was made from."""

import hashlib
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def new_build_id(run_id: str, now: datetime | None = None) -> str:
    """`YYYYMMDDTHHMMSSZ-xxxxxxxx`: sorts by time, and leads back to the Dagster run."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{run_id[:8]}"


def project_commit(root: Path) -> str:
    """The checked-out commit, with `-dirty` where files differ from it.

    Without git, as in a container, what HUBTIDE_COMMIT says; else `unknown`.
    """
    stated = os.environ.get("HUBTIDE_COMMIT", "").strip() or "unknown"

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        # A copy of the sources inside another repository is not that repository's commit.
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return stated
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return stated


def seeds_digest(seeds: Path) -> str:
    """sha256 over names and contents of the seed files."""
    digest = hashlib.sha256()
    for path in sorted(seeds.glob("*.csv")):
        digest.update(f"{path.name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
