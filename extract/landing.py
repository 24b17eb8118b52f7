"""Landing: files as they came, immutable, under data/<source>/<partition>/.

Each file is written under a temporary name in its own folder, fsynced and renamed; the manifest
comes last. A partition is complete when its manifest says so, so a killed run is repaired by
running it again, and the same run twice changes nothing.

What comes over the network lands page by page (OpenPartition): each page is noted in a journal
once it is safe, with where the next one is, so that a killed run goes on at the first page that
has not landed. The journal goes when the manifest comes.

A partition that is delivered again with other content lands beside what it replaces: the earlier
files stay, and its manifest stays as manifest-<digest>.json, because the load of the new content
may still fail, and then the earlier content is what the warehouse holds (docs/operations.md,
Landing).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from extract.errors import ImportFolderError, LandingError, PartitionBusyError, disk_errors
from extract.home import Home, utc_now

MANIFEST = "manifest.json"
JOURNAL = ".journal.jsonl"
LOCK = ".lock"
# Beside a source's partitions: what was asked for on a day, one file a day.
ASKED = ".asked"
TEMPORARY = ".landing-"

# From this size (bytes) a file is hard-linked rather than copied where the file system allows it:
# a Hub snapshot has 1.6 GB, a year of them 600. Below it a copy costs nothing, and an edit of the
# user's file in place cannot reach the landed one.
LINK_FROM_BYTES = 16 * 2**20

CHUNK_BYTES = 2**20

# What reading a .gz to its end raises where it is cut off or damaged; of these OSError (no gzip, a
# wrong checksum) may come from any file.
UNREADABLE = (OSError, EOFError, zlib.error)

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

    def to_dict(self) -> dict[str, Any]:
        """As manifest.json has it."""
        return {
            "name": self.name,
            "path": self.path,
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "fetched_at": self.fetched_at,
            "from": self.origin,
        }

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> LandedFile:
        """From manifest.json. Raises KeyError where something is missing."""
        return cls(
            name=entry["name"],
            path=entry["path"],
            rows=entry["rows"],
            bytes=entry["bytes"],
            sha256=entry["sha256"],
            fetched_at=entry["fetched_at"],
            origin=entry["from"],
        )


@dataclass(frozen=True)
class Covered:
    """Something that was listed besides the partition's own scope, and whether to its end."""

    scope: str
    is_complete: bool
    rows: int


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
    covered: tuple[Covered, ...] = ()

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
        if self.covered:
            content["covered"] = self._covered()
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def landed_on(self) -> date:
        """The day (UTC) on which its first file was fetched or copied."""
        return date.fromisoformat(self.files[0].fetched_at[:10])

    def _covered(self) -> list[list[Any]]:
        return [[entry.scope, entry.is_complete, entry.rows] for entry in self.covered]

    def path_of(self, file: LandedFile) -> Path:
        """Where a landed file lies."""
        return self.folder / file.path

    def to_json(self) -> str:
        """The text of manifest.json."""
        content: dict[str, Any] = {
            "source": self.source,
            "partition": self.partition,
            "sha256": self.digest,
            "is_synthetic": self.is_synthetic,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "days_early": self.days_early,
            "scope": self.scope,
            "files": [file.to_dict() for file in self.files],
        }
        if self.covered:
            content["covered"] = self._covered()
        return json.dumps(content, indent=1)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises LandingError when it is not one of ours."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            source=content["source"],
            partition=content["partition"],
            files=tuple(LandedFile.from_dict(file) for file in content["files"]),
            is_synthetic=content["is_synthetic"],
            as_of=date.fromisoformat(content["as_of"]) if content["as_of"] else None,
            days_early=content["days_early"],
            scope=content["scope"],
            folder=path.parent,
            covered=tuple(Covered(*entry) for entry in content.get("covered", [])),
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
    while it is read, HubtideError when the disk is full or refuses.
    """
    folder = _folder(home, source, partition)
    current_path = folder / MANIFEST
    current = read_manifest(current_path) if current_path.exists() else None
    known = {file.name: file for file in current.files} if current else {}
    landed = tuple(
        _land_file(folder, file, known.get(file.name), f"{source} {partition}")
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


@contextlib.contextmanager
def source_lock(home: Home, source: str) -> Iterator[None]:
    """Only one process lands a source's files at a time; the lock goes with the process.

    Raises PartitionBusyError when another one has it, HubtideError when the disk refuses.
    """
    folder = home.landing / source
    with contextlib.ExitStack() as open_files:
        with disk_errors(source, "its lock"):
            folder.mkdir(parents=True, exist_ok=True)
            stream = open_files.enter_context((folder / LOCK).open("a"))
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise PartitionBusyError(
                    f"{source}: another run is landing its files; wait for it to end, then run "
                    "this again"
                ) from None
        yield


@dataclass(frozen=True)
class Page:
    """A page in the journal. `following` says where the next one is, None after the last."""

    file: LandedFile
    following: str | None


class OpenPartition:
    """A partition on its way: lands page by page and goes on where an earlier run was killed.

    To be used under `source_lock`. `pages` are those that have landed.
    """

    def __init__(self, home: Home, source: str, partition: str) -> None:
        self.source = source
        self.partition = partition
        self.folder = _folder(home, source, partition)
        if (self.folder / MANIFEST).exists():
            # A run was killed between the two. Once the manifest is set aside, nobody must take
            # this for an unfinished try.
            self._drop_journal()
        self.pages = self._read_journal()

    @property
    def manifest(self) -> Manifest | None:
        """The manifest, once the partition is complete."""
        path = self.folder / MANIFEST
        return read_manifest(path) if path.exists() else None

    def add(
        self,
        name: str,
        body: bytes,
        *,
        rows: int | None,
        fetched_at: datetime,
        origin: str,
        following: str | None = None,
    ) -> Page:
        """Land a page, compressed, and note it in the journal.

        Raises HubtideError when the disk is full; nothing of the page is left then.
        """
        content = gzip.compress(body, compresslevel=6, mtime=0)
        digest = hashlib.sha256(content).hexdigest()
        relative = Path(f"{name}.gz")
        target = self.folder / relative
        if target.exists() and sha256_of(target) != digest:
            # Content of a delivery that was set aside keeps its name.
            relative = relative.with_name(f"{digest[:12]}.{relative.name}")
            target = self.folder / relative
        label = f"{self.source} {self.partition}"
        with disk_errors(label, name):
            target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or sha256_of(target) != digest:
            _write(target, content, label)
        file = LandedFile(
            name=f"{name}.gz",
            path=relative.as_posix(),
            rows=rows,
            bytes=len(content),
            sha256=digest,
            fetched_at=fetched_at.isoformat(timespec="seconds") + "Z",
            origin=origin,
        )
        page = Page(file, following)
        self._note(page, label)
        self.pages.append(page)
        return page

    def complete(
        self,
        *,
        is_synthetic: bool,
        as_of: date | None,
        scope: str,
        covered: Sequence[Covered] = (),
    ) -> Manifest:
        """Write the manifest: the partition is complete."""
        manifest = Manifest(
            self.source,
            self.partition,
            tuple(page.file for page in self.pages),
            is_synthetic,
            as_of,
            0,
            scope,
            self.folder,
            tuple(covered),
        )
        _write(self.folder / MANIFEST, manifest.to_json(), f"{self.source} {self.partition}")
        self._drop_journal()
        return manifest

    def discard(self, prefix: str = "") -> None:
        """Forget the pages of an unfinished try whose names begin so; their files stay."""
        self.pages = [page for page in self.pages if not page.file.name.startswith(prefix)]
        if self.pages:
            self._write_journal(self.pages)
        else:
            self._drop_journal()

    def _drop_journal(self) -> None:
        with disk_errors(f"{self.source} {self.partition}", JOURNAL):
            (self.folder / JOURNAL).unlink(missing_ok=True)

    def _write_journal(self, pages: Sequence[Page]) -> None:
        content = b"".join(_journal_line(page) for page in pages)
        _write(self.folder / JOURNAL, content, f"{self.source} {self.partition}")

    def _note(self, page: Page, label: str) -> None:
        with disk_errors(label, JOURNAL), (self.folder / JOURNAL).open("ab") as stream:
            stream.write(_journal_line(page))
            stream.flush()
            os.fsync(stream.fileno())

    def _read_journal(self) -> list[Page]:
        """The pages that are there as the journal says, up to the first that is not.

        The rest, a torn last line among it, is cut off the journal.
        """
        path = self.folder / JOURNAL
        if not path.exists():
            return []
        pages = []
        text = path.read_bytes()
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                page = Page(LandedFile.from_dict(entry), entry["next"])
            except (ValueError, KeyError, TypeError):
                break
            landed = self.folder / page.file.path
            if not landed.is_file() or sha256_of(landed) != page.file.sha256:
                break
            pages.append(page)
        if b"".join(_journal_line(page) for page in pages) != text:
            self._write_journal(pages)
        return pages


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


def note_asked(home: Home, source: str, day: date, scopes: Iterable[str]) -> None:
    """Note which scopes a day is made of, whether or not they land; replaces an earlier note.

    To be used under `source_lock`. Raises HubtideError when the disk is full or refuses.
    """
    wanted = sorted(set(scopes))
    if wanted == asked_for(home, source, day):
        return
    path = _asked_path(home, source, day)
    label = f"{source} {day}"
    with disk_errors(label, ASKED):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_temporary(path.parent)
    _write(path, json.dumps(wanted, indent=1), label)


def asked_for(home: Home, source: str, day: date) -> list[str] | None:
    """The scopes that a day is made of, None where that was not noted or cannot be read."""
    try:
        content = json.loads(_asked_path(home, source, day).read_bytes())
    except (OSError, ValueError):
        return None
    return [str(scope) for scope in content] if isinstance(content, list) else None


def _asked_path(home: Home, source: str, day: date) -> Path:
    return home.landing / source / ASKED / f"{day.isoformat()}.json"


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
    """Lines of a text file (gzip by its name), None where it cannot be decompressed to its end."""
    lines, last = 0, b"\n"
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                lines += chunk.count(b"\n")
                last = chunk[-1:]
    except UNREADABLE:
        return None
    return lines + (last != b"\n")


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading bytes, decompressing .gz."""
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _land_file(
    folder: Path, incoming: Incoming, known: LandedFile | None, label: str
) -> LandedFile:
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
            with disk_errors(label, incoming.name):
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
        try:
            shutil.copyfile(source, temporary)
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if sha256_of(temporary) != digest:
            temporary.unlink()
            raise LandingError(f"{incoming.origin} changed while it was read: import it again")
    temporary.replace(target)
    if target.parent != folder:  # the partition's own folder is synced with the manifest
        _sync_folder(target.parent)


def _journal_line(page: Page) -> bytes:
    return json.dumps({**page.file.to_dict(), "next": page.following}).encode() + b"\n"


def _write(path: Path, content: str | bytes, label: str = "landing") -> None:
    """Write a file under a temporary name, fsync and rename it.

    Raises HubtideError when the disk is full or refuses; the file is as it was before then.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    with disk_errors(label, path.name):
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _folder(home: Home, source: str, partition: str) -> Path:
    """The partition's folder, made if need be, without what a killed run left half-written."""
    if not PARTITION_PATTERN.fullmatch(partition):
        raise ImportFolderError(
            f"{source}: '{partition}' cannot name a partition; rename the file with letters, "
            "digits, spaces and ._+@()=,- only (at most 150 characters)"
        )
    folder = home.landing / source / partition
    with disk_errors(f"{source} {partition}", "its folder"):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_temporary(folder)
    return folder


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
