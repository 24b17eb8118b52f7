"""The ATOM project's metadata over HTTP: all files or none, and hostile text in the loader."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.errors import HubtideError
from extract.fetching import Fetched
from extract.home import Home
from extract.http import Limits
from extract.landing import Incoming, land, landed_partitions
from extract.loading import LoadResult, load_manifests, load_source, rebuild
from extract.sources import tracked_models
from extract.warehouse import Warehouse
from tests.extract import hubs
from tests.fake import FakeServices

LIMITS = Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=5, tries=3)

FILES = {
    "models.csv": "org,model,modelId\nQ,M,Q/M\n",
    "extra_models.csv": "org,model,modelId\r\nQ,N,Q/N\r\n",
    "metadata/model_parameters.csv": "model_id,total_params_b,active_params_b,is_moe,notes\n"
    "Q/M,671,37,true,\n",
    "metadata/organization_regions.csv": "\ufeffhf_org,region,notes\nQ,china,\n",
    "metadata/release_date_corrections.csv": "# by hand\n"
    "model_id,hf_created_at,actual_release_date,notes\nQ/M,2025-01-01,2025-01-03,\n",
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    with FakeServices() as services:
        services.tracked.files = dict(FILES)
        monkeypatch.setenv("TRACKED_MODELS_URL", services.tracked_models_url)
        yield services


def fetch(home: Home) -> Fetched:
    (result,) = tracked_models.fetch(home, LIMITS, True)
    return result


def load(home: Home) -> list[LoadResult]:
    with Warehouse.open(home) as warehouse:
        return load_manifests(warehouse, list(landed_partitions(home, "tracked_models")))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def test_files_land_as_they_came(fake: FakeServices, home: Home, raw: Any) -> None:
    assert fetch(home) == Fetched("tracked_models", "folder", "landed", 5, 11)
    for name, text in FILES.items():
        path = home.landing / "tracked_models" / "folder" / name
        assert path.read_bytes() == text.encode()
    assert all(entry.token is None for entry in fake.log)
    (result,) = load(home)
    assert (result.partition, result.rows_read, result.rows_stored) == ("folder", 5, 5)
    assert raw("select list_name, model_id from raw.tracked_models_list order by all") == [
        ("extra_models", "Q/N"),
        ("models", "Q/M"),
    ]
    assert raw("select hf_org, region from raw.tracked_models_regions") == [("Q", "china")]


def test_the_same_content_changes_nothing(fake: FakeServices, home: Home) -> None:
    fetch(home)
    load(home)
    assert fetch(home).status == "already landed"
    assert [result.status for result in load(home)] == ["unchanged"]


def test_other_content_supersedes(fake: FakeServices, home: Home, raw: Any) -> None:
    fetch(home)
    load(home)
    fake.tracked.files["models.csv"] += "Q,O,Q/O\n"
    assert fetch(home).status == "landed"
    assert load(home)[0].note == "supersedes load 1"
    assert raw("select count(*) from raw.tracked_models_list") == [(3,)]
    assert len(list((home.landing / "tracked_models" / "folder").glob("*models.csv"))) == 3


def test_a_folder_and_its_address_are_one_partition(
    fake: FakeServices, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(home)
    folder = write(tmp_path / "copy", FILES)
    monkeypatch.setenv("TRACKED_MODELS_URL", str(folder))
    assert tracked_models.address() is None
    fake.log.clear()
    assert (fetch(home).status, fake.log) == ("already landed", [])
    write(tmp_path / "import" / "tracked-models", FILES)
    (tmp_path / "import" / "SYNTHETIC").touch()
    load(home)
    assert load_source("tracked_models", tmp_path / "import", home)[0].status == "unchanged"


def test_a_folder_says_that_it_is_synthetic(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "copy", {**FILES, "SYNTHETIC": "", ".git/x.csv": "a\n"})
    monkeypatch.setenv("TRACKED_MODELS_URL", str(folder))
    (result,) = tracked_models.fetch(home, LIMITS, False)
    assert (result.status, result.requests) == ("landed", 0)
    (manifest,) = landed_partitions(home, "tracked_models")
    assert manifest.is_synthetic
    assert {file.name for file in manifest.files} == set(FILES)
    assert all(str(tmp_path) not in file.origin for file in manifest.files)


@pytest.mark.parametrize("value", ["/no/such/folder", "folder", "ftp://host/x", "https://a:b@host"])
def test_neither_address_nor_folder(
    home: Home, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKED_MODELS_URL", value)
    result = fetch(home)
    assert result.status == "failed"
    assert "TRACKED_MODELS_URL" in result.note
    with pytest.raises(HubtideError, match="TRACKED_MODELS_URL"):
        tracked_models.address()


def test_a_folder_without_the_files(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKED_MODELS_URL", str(write(tmp_path / "empty", {"other.csv": "a\n"})))
    assert "'empty' has none of models.csv" in fetch(home).note


def test_the_pinned_revision(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKED_MODELS_URL", raising=False)
    assert re.fullmatch("[0-9a-f]{40}", tracked_models.REVISION)
    address = tracked_models.address()
    assert address is not None
    assert address.endswith(f"/tracked-models/{tracked_models.REVISION}")
    (planned,) = tracked_models.plan(home)
    assert (planned.requests, planned.note) == (5, "")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"\n<!DOCTYPE html><html>sign in</html>", "no CSV file but a page"),
        (b'{"message":"Not Found"}', "no CSV file but a page"),
    ],
)
def test_a_page_in_place_of_a_file(
    fake: FakeServices, home: Home, body: bytes, problem: str
) -> None:
    fetch(home)
    before = [manifest.digest for manifest in landed_partitions(home, "tracked_models")]
    fake.tracked.files["models.csv"] += "Q,O,Q/O\n"
    fault = fake.faults.malformed(body, match="regions", times=None)
    result = fetch(home)
    assert result.status == "failed"
    assert problem in result.note
    assert "metadata/organization_regions.csv" in result.note
    after = [manifest.digest for manifest in landed_partitions(home, "tracked_models")]
    assert after == before
    fault.remove()
    assert fetch(home).status == "landed"


def test_a_download_that_fails_leaves_what_was_there(fake: FakeServices, home: Home) -> None:
    fake.faults.cut(match="regions", times=None)
    assert fetch(home).status == "failed"
    assert not list(home.landing.rglob("*.csv"))
    fake.faults.clear()
    fake.faults.cut(match="regions")
    fake.faults.status(503, match="models.csv")
    assert fetch(home).status == "landed"


def test_a_file_that_is_gone(fake: FakeServices, home: Home) -> None:
    del fake.tracked.files["extra_models.csv"]
    result = fetch(home)
    assert result.status == "failed"
    assert "extra_models.csv was refused with status 404" in result.note


def test_a_wait_that_is_too_long(fake: FakeServices, home: Home) -> None:
    fake.faults.rate_limited(5000, style="retry-after", times=None)
    result = fetch(home)
    assert (result.status, result.requests) == ("failed", 1)


def test_a_column_that_is_gone_keeps_the_earlier_content(
    fake: FakeServices, home: Home, raw: Any
) -> None:
    fetch(home)
    load(home)
    fake.tracked.files["models.csv"] = "organisation,model,modelId\nQ,M,Q/M\n"
    fetch(home)
    with pytest.raises(HubtideError, match="has no column org"):
        load(home)
    assert raw("select count(*) from raw.tracked_models_list") == [(2,)]
    assert [result.status for result in load(home)] == ["unchanged"]


def listing(count: int) -> str:
    return "org,model,modelId\n" + "".join(f"Q,m{n},Q/m{n}\n" for n in range(count))


def test_a_list_without_models_is_a_failed_load(fake: FakeServices, home: Home) -> None:
    fake.tracked.files["models.csv"] = listing(0)
    fetch(home)
    with pytest.raises(HubtideError, match=r"tracked_models folder: models\.csv lists no models"):
        load(home)


@pytest.mark.parametrize("count", [0, 69, 70])
def test_a_list_of_less_than_half_takes_no_other_s_place(
    fake: FakeServices, home: Home, raw: Any, count: int
) -> None:
    fake.tracked.files["models.csv"] = listing(140)
    fetch(home)
    load(home)
    fake.tracked.files["models.csv"] = listing(count)
    fetch(home)
    if count == 70:
        assert load(home)[0].note == "supersedes load 1"
    else:
        with pytest.raises(HubtideError, match="nothing was loaded"):
            load(home)
        assert [result.status for result in load(home)] == ["unchanged"]
        count = 140
    models = "select count(*) from raw.tracked_models_list where list_name = 'models'"
    assert raw(models) == [(count,)]


def test_a_folder_without_the_list_takes_no_list_s_place(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKED_MODELS_URL", str(write(tmp_path / "copy", FILES)))
    fetch(home)
    load(home)
    (tmp_path / "copy" / "models.csv").unlink()
    fetch(home)
    with pytest.raises(HubtideError, match="lists 0 models, less than half of the 1 of the load"):
        load(home)


def test_a_shorter_list_is_taken_once_the_earlier_one_is_withdrawn(
    fake: FakeServices, home: Home, raw: Any
) -> None:
    fake.tracked.files["models.csv"] = listing(140)
    fetch(home)
    load(home)
    fake.tracked.files["models.csv"] = listing(3)
    fetch(home)
    with pytest.raises(HubtideError, match="remove the partition's folder in data/ and run"):
        load(home)
    shutil.rmtree(home.landing / "tracked_models" / "folder")
    rebuild(home)
    fetch(home)
    assert [result.status for result in load(home)] == ["loaded"]
    assert raw("select list_name, count(*) from raw.tracked_models_list group by 1 order by 1") == [
        ("extra_models", 1),
        ("models", 3),
    ]


def test_hostile_values(fake: FakeServices, home: Home, raw: Any) -> None:
    fake.tracked.files["models.csv"] += "".join(f"Q,m,Q/m{index}\n" for index in range(1500))
    fake.tracked.files["models.csv"] += "Q,'; drop table raw.loads,Q/x\n<b>,<b>,<b>\n"
    fake.tracked.files["models.csv"] += f"Q,m,Q/{'x' * 1_000_000}\nQ,a\0b,Q/nul\n"
    fake.tracked.files["metadata/model_parameters.csv"] += "Q/x,inf,,,\nQ/y,1e999,,,\nQ/z,nan,,,\n"
    fake.tracked.files["metadata/release_date_corrections.csv"] += (
        "Q/x,,infinity,\nQ/y,,9999-01-01,\nQ/z,2025-01-01,epoch,\n"
    )
    fetch(home)
    (result,) = load(home)
    assert result.rows_read == result.rows_stored + result.rows_rejected == 1515
    assert raw("select page, reason from raw.rejects order by page, row_number") == [
        ("metadata/model_parameters.csv", "total_params_b is unreadable"),
        ("metadata/model_parameters.csv", "total_params_b is unreadable"),
        ("metadata/model_parameters.csv", "total_params_b is unreadable"),
        ("metadata/release_date_corrections.csv", "actual_release_date is out of range"),
        ("metadata/release_date_corrections.csv", "actual_release_date is out of range"),
        ("metadata/release_date_corrections.csv", "actual_release_date is out of range"),
        ("models.csv", "modelId is no repository id"),
        ("models.csv", "modelId is longer than 200"),
    ]


TABLES = (
    "tracked_models_list",
    "tracked_models_parameters",
    "tracked_models_regions",
    "tracked_models_release_dates",
)

line = (
    st.binary(max_size=30)
    | st.text('Q/M,1."#tfalse2025-0\0\r', max_size=30).map(str.encode)
    | st.sampled_from([b"Q,M,Q/M", b"Q/M,1,1,true,x", b"Q,china,", b"Q/M,,2025-01-01,", b"\xff"])
)


@settings(max_examples=60, deadline=None)
@given(files=st.fixed_dictionaries({name: st.lists(line, max_size=4) for name in FILES}))
def test_any_lines(files: dict[str, list[bytes]], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("any"))
    incoming = []
    for number, (name, lines) in enumerate(files.items()):
        path = home.root / f"{number}.csv"
        header = FILES[name].removeprefix("\ufeff").removeprefix("# by hand\n").split("\n")[0]
        path.write_bytes(b"\n".join([header.strip().encode(), *lines]))
        incoming.append(Incoming(name, path, name))
    manifest = land(home, "tracked_models", "folder", incoming, is_synthetic=True)
    with pytest.MonkeyPatch.context() as patch, Warehouse.over(duckdb.connect()) as warehouse:
        patch.setattr("extract.rules.MAX_REJECTED_SHARE", 1)
        try:
            (result,) = load_manifests(warehouse, [manifest])
        except HubtideError:
            return
        stored = sum(
            hubs.rows_of(warehouse.con, f"select count(*) from raw.{table}")[0][0]
            for table in TABLES
        )
        rejected = hubs.rows_of(warehouse.con, "select count(*) from raw.rejects")[0][0]
        assert (stored, rejected) == (result.rows_stored, result.rows_rejected)
        assert stored + rejected == result.rows_read


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_bytes_as_a_file(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert tracked_models._file_problem(content) in (
        None, "the file is empty", "the reply is no CSV file but a page"
    )  # fmt: skip
    home = Home(tmp_path_factory.mktemp("any"))
    path = home.root / "x.csv"
    path.write_bytes(content)
    manifest = land(
        home, "tracked_models", "folder", [Incoming("models.csv", path, "x")], is_synthetic=True
    )
    with Warehouse.over(duckdb.connect()) as warehouse, pytest.raises(HubtideError):
        load_manifests(warehouse, [manifest])
