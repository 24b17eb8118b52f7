"""Landed files are immutable, complete when their manifest says so, and repaired by re-running."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import date
from pathlib import Path

import pytest

from extract import landing
from extract.errors import HubtideError, ImportFolderError, LandingError
from extract.home import Home
from extract.landing import Incoming, Manifest, land


def incoming(folder: Path, content: str = "a,b\n1,2\n", name: str = "x.csv") -> Incoming:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return Incoming(name, path, f"readings/{name}", 1)


def put(home: Home, file: Incoming, as_of: date | None = None) -> Manifest:
    return land(home, "files", "x", [file], is_synthetic=False, as_of=as_of, days_early=3)


def files(home: Home) -> set[str]:
    root = home.landing / "files" / "x"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_the_manifest_says_what_landed(folder: Path, home: Home) -> None:
    manifest = put(home, incoming(folder), date(2026, 5, 20))
    content = json.loads((home.landing / "files" / "x" / "manifest.json").read_text())
    assert content.pop("sha256") == manifest.digest
    (file,) = content.pop("files")
    assert file.pop("fetched_at").endswith("Z")
    assert file == {
        "name": "x.csv",
        "path": "x.csv",
        "rows": 1,
        "bytes": 8,
        "sha256": hashlib.sha256(b"a,b\n1,2\n").hexdigest(),
        "from": "readings/x.csv",
    }
    assert content == {
        "source": "files",
        "partition": "x",
        "is_synthetic": False,
        "as_of": "2026-05-20",
        "days_early": 3,
        "scope": "rows",
    }
    assert landing.read_manifest(home.landing / "files" / "x" / "manifest.json") == manifest
    landing.verify(manifest)


def test_twice_changes_nothing(folder: Path, home: Home) -> None:
    file = incoming(folder)
    first = put(home, file)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    assert put(home, file) == first
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_other_content_lands_beside_the_earlier(folder: Path, home: Home) -> None:
    first = put(home, incoming(folder))
    second = put(home, incoming(folder, "a,b\n3,4\n"))
    assert second.digest != first.digest
    assert first.path_of(first.files[0]).read_text() == "a,b\n1,2\n"
    assert second.path_of(second.files[0]).read_text() == "a,b\n3,4\n"
    assert second.files[0].name == "x.csv"
    assert f"manifest-{first.digest[:12]}.json" in files(home)
    third = put(home, incoming(folder))
    assert third.digest == first.digest
    assert third.files[0].path == "x.csv"


def test_another_date_is_other_content(folder: Path, home: Home) -> None:
    file = incoming(folder)
    assert put(home, file).digest != put(home, file, date(2026, 1, 1)).digest


def test_a_killed_landing_is_repaired(folder: Path, home: Home) -> None:
    root = home.landing / "files" / "x"
    root.mkdir(parents=True)
    (root / f"{landing.TEMPORARY}123-x.csv").write_text("half")
    (root / "x.csv").write_text("a,b\n1,2\n")  # renamed, but the manifest was never written
    manifest = put(home, incoming(folder))
    assert files(home) == {"x.csv", "manifest.json"}
    assert manifest.files[0].path == "x.csv"


def test_a_lost_or_damaged_file_lands_again(folder: Path, home: Home) -> None:
    file = incoming(folder)
    manifest = put(home, file)
    manifest.path_of(manifest.files[0]).unlink()
    with pytest.raises(LandingError, match=r"files/x/x\.csv is missing: import it again"):
        landing.verify(manifest)
    landing.verify(put(home, file))
    manifest.path_of(manifest.files[0]).write_text("shorter")
    landing.verify(put(home, file))


def test_nothing_is_left_of_a_failed_copy(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = incoming(folder)
    with monkeypatch.context() as patch:
        patch.setattr("extract.landing.shutil.copyfile", broken)
        with pytest.raises(HubtideError, match=r"^files x: x\.csv cannot be written \(No space"):
            put(home, file)
    assert files(home) == set()
    landing.verify(put(home, incoming(folder)))


def test_large_files_are_linked(folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "LINK_FROM_BYTES", 4)
    file = incoming(folder)
    manifest = put(home, file)
    assert file.path.samefile(manifest.path_of(manifest.files[0]))
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    other = put(home, incoming(folder, name="y.csv"))
    assert not (folder / "y.csv").samefile(other.path_of(other.files[0]))


def test_set_aside_restores_what_was_loaded(folder: Path, home: Home) -> None:
    first = put(home, incoming(folder))
    second = put(home, incoming(folder, "other\n"))
    landing.set_aside(second, first.digest)
    (current,) = landing.landed_partitions(home, "files")
    assert current == first
    landing.set_aside(first, None)
    assert list(landing.landed_partitions(home, "files")) == []
    assert "x.csv" in files(home)


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "a[1]", "a*", "", "x" * 151])
def test_names_that_cannot_be_partitions(folder: Path, home: Home, name: str) -> None:
    with pytest.raises(ImportFolderError, match="cannot name a partition"):
        land(home, "files", name, [incoming(folder)], is_synthetic=False)


def test_a_damaged_manifest_says_so(folder: Path, home: Home) -> None:
    manifest = put(home, incoming(folder))
    (manifest.folder / "manifest.json").write_text("{}")
    with pytest.raises(LandingError, match=r"files/x/manifest\.json is no manifest"):
        list(landing.landed_partitions(home, "files"))


def test_lines_are_counted(folder: Path) -> None:
    assert landing.count_lines(incoming(folder, "a\nb\n").path) == 2
    assert landing.count_lines(incoming(folder, "a\nb").path) == 2
    assert landing.count_lines(incoming(folder, "").path) == 0
    (folder / "bad.csv.gz").write_bytes(b"no gzip")
    assert landing.count_lines(folder / "bad.csv.gz") is None
    (folder / "bad.csv.gz").write_bytes(gzip.compress(b"")[:10] + b"\xff" * 20)
    assert landing.count_lines(folder / "bad.csv.gz") is None
