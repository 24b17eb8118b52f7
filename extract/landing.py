"""Landing: files as they came, immutable, under data/<source>/<partition>/.

Each file is written under a temporary name in its own folder, fsynced and renamed; the manifest
comes last. A partition is complete when its manifest says so, so a killed run is repaired by
running it again, and the same run twice changes nothing.

A partition that is delivered again with other content lands beside what it replaces: the earlier
files stay, and its manifest stays as manifest-<digest>.json, because the load of the new content
may still fail, and then the earlier content is what the warehouse holds (docs/operations.md,
Landing).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

from extract.errors import ImportFolderError, LandingError
from extract.home import Home, utc_now

MANIFEST = "manifest.json"
TEMPORARY = ".landing-"

# From this size (bytes) a file is hard-linked rather than copied where the file system allows it:
# a Hub snapshot has 1.6 GB, a year of them 600. Below it a copy costs nothing, and an edit of the
# user's file in place cannot reach the landed one.
LINK_FROM_BYTES = 16 * 2**20

CHUNK_BYTES = 2**20

# A partition names a folder, and DuckDB reads its files by path: no separators, no glob characters.
PARTITION_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+@()=,-]{0,149}")


@dataclass(frozen=True)
class Incoming:
    """A file to land: `name` within the partition, where it is, and how messages name it."""

    name: str
    path: Path
    origin: str
    rows: int | None = None


@dataclass(frozen=True)
class LandedFile:
    """One landed file. `name` is what rejects call it; `path` is relative to the partition."""

    name: str
    path: str
    rows: int | None
    bytes: int
    sha256: str
    fetched_at: str
    origin: str


@dataclass(frozen=True)
class Manifest:
    """What a landed partition holds. `as_of` is its day (the later bound), if it has one."""

    source: str
    partition: str
    files: tuple[LandedFile, ...]
    is_synthetic: bool
    as_of: date | None
    days_early: int
    scope: str
    folder: Path

    @property
    def digest(self) -> str:
        """sha256 of the content: what was landed and how it is dated, not when or from where."""
        content = {
            "source": self.source,
            "partition": self.partition,
            "files": sorted([file.name, file.bytes, file.sha256] for file in self.files),
            "is_synthetic": self.is_synthetic,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "days_early": self.days_early,
            "scope": self.scope,
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def path_of(self, file: LandedFile) -> Path:
        """Where a landed file lies."""
        return self.folder / file.path

    def to_json(self) -> str:
        """The text of manifest.json."""
        return json.dumps(
            {
                "source": self.source,
                "partition": self.partition,
                "sha256": self.digest,
                "is_synthetic": self.is_synthetic,
                "as_of": self.as_of.isoformat() if self.as_of else None,
                "days_early": self.days_early,
                "scope": self.scope,
                "files": [
                    {
                        "name": file.name,
                        "path": file.path,
                        "rows": file.rows,
                        "bytes": file.bytes,
                        "sha256": file.sha256,
                        "fetched_at": file.fetched_at,
                        "from": file.origin,
                    }
                    for file in self.files
                ],
            },
            indent=1,
        )


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises LandingError when it is not one of ours."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            source=content["source"],
            partition=content["partition"],
            files=tuple(
                LandedFile(
                    name=file["name"],
                    path=file["path"],
                    rows=file["rows"],
                    bytes=file["bytes"],
                    sha256=file["sha256"],
                    fetched_at=file["fetched_at"],
                    origin=file["from"],
                )
                for file in content["files"]
            ),
            is_synthetic=content["is_synthetic"],
            as_of=date.fromisoformat(content["as_of"]) if content["as_of"] else None,
            days_early=content["days_early"],
            scope=content["scope"],
            folder=path.parent,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        name = "/".join(path.parts[-3:])
        raise LandingError(
            f"{name} is no manifest of this project ({type(error).__name__}): "
            "remove the partition's folder and import it again"
        ) from None


def land(
    home: Home,
    source: str,
    partition: str,
    incoming: Sequence[Incoming],
    *,
    is_synthetic: bool,
    as_of: date | None = None,
    days_early: int = 0,
    scope: str = "rows",
) -> Manifest:
    """Land the files of one partition and return its manifest.

    Nothing is written when the partition has landed with this content before. Raises
    ImportFolderError for a name that cannot be a partition, LandingError when a file changes
    while it is read.
    """
    if not PARTITION_PATTERN.fullmatch(partition):
        raise ImportFolderError(
            f"{source}: '{partition}' cannot name a partition; rename the file with letters, "
            "digits, spaces and ._+@()=,- only (at most 150 characters)"
        )
    folder = home.landing / source / partition
    folder.mkdir(parents=True, exist_ok=True)
    _remove_temporary(folder)
    current_path = folder / MANIFEST
    current = read_manifest(current_path) if current_path.exists() else None
    known = {file.name: file for file in current.files} if current else {}
    landed = tuple(
        _land_file(folder, file, known.get(file.name))
        for file in sorted(incoming, key=lambda file: file.name)
    )
    manifest = Manifest(source, partition, landed, is_synthetic, as_of, days_early, scope, folder)
    if current is not None:
        if current.digest == manifest.digest:
            if [file.path for file in current.files] != [file.path for file in landed]:
                _write(current_path, manifest.to_json())
                return manifest
            return current
        _write(_archived(folder, current.digest), current.to_json())
    _write(current_path, manifest.to_json())
    return manifest


def set_aside(manifest: Manifest, restore: str | None) -> None:
    """Take back a partition whose load failed: its manifest is kept as manifest-….rejected.json.

    `restore` is the digest of the content that the warehouse holds for this partition; without
    it the newest earlier manifest is put back, if there is one. No landed file is removed.
    """
    folder = manifest.folder
    _write(folder / f"manifest-{manifest.digest[:12]}.rejected.json", manifest.to_json())
    earlier = [
        path
        for path in folder.glob("manifest-*.json")
        if not path.name.endswith(".rejected.json")
        and path.name != _archived(folder, manifest.digest).name
    ]
    if restore is not None:
        earlier = [path for path in earlier if path == _archived(folder, restore)]
    if earlier:
        newest = max(earlier, key=lambda path: (path.stat().st_mtime_ns, path.name))
        _write(folder / MANIFEST, read_manifest(newest).to_json())
    else:
        (folder / MANIFEST).unlink(missing_ok=True)
        _sync_folder(folder)


def landed_partitions(home: Home, source: str) -> Iterator[Manifest]:
    """The manifests of a source's complete partitions, by name."""
    for path in sorted((home.landing / source).glob(f"*/{MANIFEST}")):
        yield read_manifest(path)


def verify(manifest: Manifest) -> None:
    """Raise LandingError unless each landed file is there with the size and sha256 it had."""
    for file in manifest.files:
        path = manifest.path_of(file)
        name = f"{manifest.source}/{manifest.partition}/{file.path}"
        if not path.is_file():
            raise LandingError(f"landed file {name} is missing: import it again")
        if path.stat().st_size != file.bytes or sha256_of(path) != file.sha256:
            raise LandingError(f"landed file {name} was changed after it landed: import it again")


def sha256_of(path: Path) -> str:
    """sha256 of a file, read as a stream."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def count_lines(path: Path) -> int | None:
    """Lines of a text file (gzip by its name), None where it cannot be decompressed."""
    lines, last = 0, b"\n"
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                lines += chunk.count(b"\n")
                last = chunk[-1:]
    except (OSError, EOFError):
        return None
    return lines + (last != b"\n")


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading bytes, decompressing .gz."""
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _land_file(folder: Path, incoming: Incoming, known: LandedFile | None) -> LandedFile:
    digest = sha256_of(incoming.path)
    size = incoming.path.stat().st_size
    if known is not None and known.sha256 == digest:
        path = folder / known.path
        if path.is_file() and path.stat().st_size == known.bytes:
            return known
    relative = Path(incoming.name)
    # The name may be taken by earlier content of this partition, which stays.
    for candidate in (relative, relative.with_name(f"{digest[:12]}.{relative.name}")):
        target = folder / candidate
        if not target.exists():
            _copy(folder, incoming, target, digest)
            break
        if target.stat().st_size == size and sha256_of(target) == digest:
            break
    else:
        raise LandingError(f"{incoming.origin}: a landed file of this name holds other content")
    return LandedFile(
        name=incoming.name,
        path=candidate.as_posix(),
        rows=incoming.rows,
        bytes=size,
        sha256=digest,
        fetched_at=utc_now().isoformat(timespec="seconds") + "Z",
        origin=incoming.origin,
    )


def _copy(folder: Path, incoming: Incoming, target: Path, digest: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{TEMPORARY}{os.getpid()}-{target.name}")
    source = incoming.path.resolve()
    linked = False
    if source.stat().st_size >= LINK_FROM_BYTES:
        try:
            os.link(source, temporary)
            linked = True
        except OSError:  # another file system, or one without links
            linked = False
    if not linked:
        shutil.copyfile(source, temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        if sha256_of(temporary) != digest:
            temporary.unlink()
            raise LandingError(f"{incoming.origin} changed while it was read: import it again")
    temporary.replace(target)
    if target.parent != folder:  # the partition's own folder is synced with the manifest
        _sync_folder(target.parent)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _archived(folder: Path, digest: str) -> Path:
    return folder / f"manifest-{digest[:12]}.json"


def _remove_temporary(folder: Path) -> None:
    for path in folder.rglob(f"{TEMPORARY}*"):
        path.unlink(missing_ok=True)
