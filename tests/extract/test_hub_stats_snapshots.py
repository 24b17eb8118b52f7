"""Fetching dated snapshots: which commit is a day's, downloads that break, what is landed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.downloads import FileClient
from extract.errors import HubtideError, LoadFailedError, RefusedError, UnreadableReplyError
from extract.fetching import Fetched
from extract.home import PROJECT, Home
from extract.http import Limits
from extract.landing import landed_partitions, read_manifest, source_lock
from extract.loading import load_manifests
from extract.sources import hub_stats_snapshots
from extract.sources.hub_stats_snapshots import (
    DATASET,
    Snapshot,
    fetch,
    file_client,
    plan,
    snapshots,
    survey,
)
from extract.warehouse import Warehouse
from tests.extract import hubs
from tests.extract.hubs import model
from tests.fake import FakeServices, Seen

Query = Callable[..., list[tuple[Any, ...]]]
D1, D2, D3, D4, D5 = (date(2026, 5, 18) + timedelta(days=number) for number in range(5))
TOKEN = "hf_fake_token"
LIMITS = Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=5, tries=3)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-06-01")
    monkeypatch.setattr(hub_stats_snapshots, "RESERVE_BYTES", 0)
    with FakeServices() as services:
        monkeypatch.setenv("HF_ENDPOINT", services.hf_endpoint)
        yield services


class Fetches:
    """Runs `fetch` into one home; waits are noted, not slept."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.said: list[str] = []
        self.slept: list[float] = []

    def client(self, limits: Limits = LIMITS) -> FileClient:
        return file_client(os.environ["HF_ENDPOINT"], limits, self.said.append)

    def __call__(
        self, since: date, until: date, limits: Limits = LIMITS, **options: Any
    ) -> list[Fetched]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FileClient, "_wait", self._wait)
            return fetch(
                self.home,
                since,
                until,
                endpoint=os.environ["HF_ENDPOINT"],
                limits=limits,
                is_synthetic=True,
                say=self.said.append,
                **options,
            )

    def _wait(self, seconds: float, why: str) -> None:
        self.slept.append(seconds)
        self.said.append(f"{why}, waiting")

    def bytes_of(self, day: date) -> bytes:
        manifest = read_manifest(self.home.landing / "hub_stats" / str(day) / "manifest.json")
        return manifest.path_of(manifest.files[0]).read_bytes()


@pytest.fixture
def run(home: Home) -> Fetches:
    return Fetches(home)


def noon(day: date, hour: float = 12) -> datetime:
    """A moment on a day; before 12 it belongs to the day before."""
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)


def parquet(path: Path, count: int = 3, **values: Any) -> bytes:
    records = [model(f"org/model-{index}", index + 1, **values) for index in range(count)]
    return hubs.write_snapshot(path, records).read_bytes()


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    return [parquet(tmp_path / f"{count}.parquet", count) for count in (3, 4, 5, 6)]


@pytest.fixture
def large(tmp_path: Path) -> bytes:
    """A Parquet file of several MB."""
    path = tmp_path / "large.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select 'org/model-' || i as id, i as downloads, 10 * i as "downloadsAllTime",
                    1 as likes, md5(cast(i as varchar)) || md5(cast(-i as varchar)) as "cardData"
                from range(60000) as t(i)
            ) to '{path}' (format parquet)
            """
        )
    return path.read_bytes()


def statuses(results: list[Fetched]) -> dict[str, str]:
    return {result.partition: result.status for result in results}


def downloads(fake: FakeServices) -> list[Seen]:
    return fake.seen("cdn")


# --- which commit is a day's -------------------------------------------------------------------


def test_a_missing_day_and_a_stale_one(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    first = fake.hub.add_snapshot(noon(D1), files[0])
    fake.hub.hub_stats.commit(noon(D3), {"README.md": b"text"}, "Update README")
    last = fake.hub.add_snapshot(noon(D4, 35.9), files[1])  # 11:54 of the day after
    results = run(D1, D4)
    assert statuses(results) == {
        str(D1): "landed",
        str(D2): "skipped",
        str(D3): "skipped",
        str(D4): "landed",
    }
    assert results[1].note.endswith("no commit on that day: the day stays missing")
    assert f"was not changed on that day (last on {D1})" in results[2].note
    assert [result.rows for result in results] == [3, 0, 0, 4]
    manifests = list(landed_partitions(run.home, "hub_stats"))
    assert [(entry.as_of, entry.scope, entry.is_synthetic) for entry in manifests] == [
        (D1, "rows", True),
        (D4, "rows", True),
    ]
    assert [entry.files[0].origin for entry in manifests] == [
        f"{DATASET}@{first}",
        f"{DATASET}@{last}",
    ]
    assert [entry.files[0].name for entry in manifests] == [f"{D1}.parquet", f"{D4}.parquet"]
    assert run.bytes_of(D1) == files[0]
    assert run.bytes_of(D4) == files[1]
    assert not list(run.home.landing.glob("hub_stats/.incoming/*"))
    # the list, and the files at the last commits of D4 and D3: what D3's says of D1 is enough
    assert len(fake.seen("hub", "/commits/")) == 1
    assert len(fake.seen("hub", "/tree/")) == 2


def test_the_last_of_two_commits_counts(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.add_snapshot(noon(D1, 13), files[0])
    fake.hub.add_snapshot(noon(D1, 20), files[1])
    fake.hub.add_snapshot(noon(D2, 12), files[2])
    run(D1, D2)
    assert run.bytes_of(D1) == files[1]
    assert run.bytes_of(D2) == files[2]


def test_other_files_committed_after_it_on_the_same_day(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    commit = fake.hub.add_snapshot(noon(D1, 13), files[0])
    fake.hub.hub_stats.commit(noon(D1, 14), {"datasets.parquet": b"other"})
    found = snapshots(run.client(), D1, D2)
    assert found == [
        Snapshot(
            D1,
            commit,
            found[0].committed_at,
            len(files[0]),
            hashlib.sha256(files[0]).hexdigest(),
        )
    ]
    assert found[0].committed_at.isoformat() == f"{D1}T13:00:00+00:00"
    assert statuses(run(D1, D1)) == {str(D1): "landed"}


def test_the_list_is_read_back_to_the_first_day_only(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.datasets.commits_per_page = 2
    for number in range(40):
        fake.hub.add_snapshot(noon(D1 + timedelta(days=number - 30)), files[number % 4])
    found = snapshots(run.client(), D1, D3)
    assert [entry.day for entry in found] == [D1, D2, D3]
    assert len(fake.seen("hub", "/commits/")) == 6


def test_every_other_day(fake: FakeServices, run: Fetches, files: list[bytes]) -> None:
    for number, day in enumerate((D1, D2, D3, D4)):
        fake.hub.add_snapshot(noon(day), files[number])
    assert statuses(run(D1, D4, every=2)) == {str(D1): "landed", str(D3): "landed"}


def test_the_second_run_asks_for_nothing(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    for number, day in enumerate((D1, D2)):
        fake.hub.add_snapshot(noon(day), files[number])
    run(D1, D2)
    fake.log.clear()
    before = {path: path.stat().st_mtime_ns for path in run.home.landing.rglob("*.json")}
    assert set(statuses(run(D1, D2)).values()) == {"already landed"}
    assert [entry.requests for entry in plan(run.home, D1, D2)] == [0, 0]
    assert fake.log == []
    assert {path: path.stat().st_mtime_ns for path in run.home.landing.rglob("*.json")} == before


def test_wrong_arguments(fake: FakeServices, run: Fetches) -> None:
    for options in ({"since": D2}, {"every": 0}, {"keep": "all"}):
        with pytest.raises(HubtideError):
            run(**{"since": D1, "until": D1, **options})  # type: ignore[arg-type]
    assert run(date(2020, 1, 1), date(2024, 7, 23)) == []


def test_a_run_beside_another(fake: FakeServices, run: Fetches) -> None:
    with source_lock(run.home, "hub_stats"):
        (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "another run" in result.note
    assert fake.log == []


# --- the plan ----------------------------------------------------------------------------------


def test_plan(fake: FakeServices, run: Fetches, files: list[bytes]) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    run(D1, D1)
    fake.hub.add_snapshot(noon(D3), files[1])
    fake.hub.add_snapshot(noon(D4), files[2])
    fake.log.clear()
    found = survey(run.client(), run.home, D1, D4, rate=1000)
    assert (found.wanted, found.landed, found.missing) == ((D4, D3), (D1,), (D2,))
    assert found.size == len(files[1]) + len(files[2])
    assert found.seconds == found.size / 1000
    assert "days to fetch: 2, about 0.0 GB and 7 requests" in found.line
    assert len(fake.log) == 3
    assert not downloads(fake)
    fake.log.clear()
    planned = plan(run.home, D1, D4)
    assert [entry.requests for entry in planned] == [0, 0, 4, 3]
    assert [entry.note for entry in planned[:2]] == ["already landed", "no commit on that day"]
    assert planned[2].note == "about 0.0 GB, 0 s at 20 MB/s"
    fake.log.clear()
    run(D1, D4)
    assert len(fake.log) == 7


def test_a_plan_of_a_dataset_that_cannot_be_listed(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    run(D1, D1)
    fake.hub.datasets.private.add(DATASET)
    landed, unknown = plan(run.home, D1, D2)
    assert (landed.requests, unknown.requests) == (0, None)
    assert "status 404" in unknown.note


# --- downloads that break ----------------------------------------------------------------------


def test_a_connection_that_ends_in_mid_body_is_gone_on_with(
    fake: FakeServices, run: Fetches, large: bytes
) -> None:
    fake.hub.add_snapshot(noon(D1), large)
    for _ in range(4):  # more often than `tries`, but each brings a MiB or more
        fake.faults.cut(1_100_000, service="cdn")
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == large
    ranges = [seen.headers.get("range") for seen in downloads(fake)]
    assert ranges[0] is None
    assert all(entry and entry.startswith("bytes=") for entry in ranges[1:])


def test_a_killed_download_is_gone_on_with(
    fake: FakeServices, run: Fetches, large: bytes, tmp_path: Path
) -> None:
    commit = fake.hub.add_snapshot(noon(D1), large)
    fake.faults.hang(60, after=1_500_000, service="cdn")
    code = (
        "import sys\n"
        "from datetime import date\n"
        "from pathlib import Path\n"
        "from extract.home import Home\n"
        "from extract.http import Limits\n"
        "from extract.sources.hub_stats_snapshots import fetch\n"
        f"day = date.fromisoformat('{D1}')\n"
        f"fetch(Home(Path({str(run.home.root)!r})), day, day, endpoint='{fake.hf_endpoint}',"
        " limits=Limits(), is_synthetic=True)\n"
    )
    part = run.home.landing / "hub_stats" / ".incoming" / f"{D1}.{commit}" / "models.parquet"
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (part.exists() and part.stat().st_size):
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
    came = part.stat().st_size
    assert 0 < came <= 1_500_000
    assert list(landed_partitions(run.home, "hub_stats")) == []
    fake.faults.clear()
    fake.log.clear()
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == large
    assert [seen.headers.get("range") for seen in downloads(fake)] == [f"bytes={came}-"]
    assert not part.parent.exists()


def test_a_store_that_knows_no_ranges(fake: FakeServices, run: Fetches, large: bytes) -> None:
    fake.hub.add_snapshot(noon(D1), large)
    fake.faults.cut(1_500_000, service="cdn")
    fake.faults.malformed(large, service="cdn", content_type="application/octet-stream")
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == large


def test_a_part_of_another_place_is_not_taken(
    fake: FakeServices, run: Fetches, large: bytes
) -> None:
    fake.hub.add_snapshot(noon(D1), large)
    fake.faults.cut(1_500_000, service="cdn")
    headers = {"Content-Range": f"bytes 2000000-{len(large) - 1}/{len(large)}"}
    fake.faults.status(206, headers=headers, body=large[2_000_000:], service="cdn")
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == large


def test_a_part_that_is_none_of_the_file(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    commit = fake.hub.add_snapshot(noon(D1), files[0])
    part = run.home.landing / "hub_stats" / ".incoming" / f"{D1}.{commit}" / "models.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 100)
    (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "its sha256 differs" in result.note
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == files[0]


def test_wrong_content_is_refused(fake: FakeServices, run: Fetches, files: list[bytes]) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.hub.add_snapshot(noon(D2), files[1])
    wrong = files[1][:-9] + b"x" + files[1][-8:]
    fake.faults.malformed(wrong, service="cdn")
    results = run(D1, D2)
    assert statuses(results) == {str(D1): "landed", str(D2): "failed"}
    assert "its sha256 differs" in results[1].note
    assert not (run.home.landing / "hub_stats" / str(D2)).exists()
    assert not list(run.home.landing.glob("hub_stats/.incoming/*"))


def test_a_longer_file_is_refused(fake: FakeServices, run: Fetches, files: list[bytes]) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.malformed(files[0] + b"x", service="cdn")
    (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "is longer than" in result.note


def test_no_parquet_file_is_refused(fake: FakeServices, run: Fetches) -> None:
    fake.hub.add_snapshot(noon(D1), b"no Parquet")
    (result,) = run(D1, D1)
    assert (result.status, result.rows) == ("failed", 0)
    assert "no readable Parquet" in result.note
    assert not (run.home.landing / "hub_stats" / str(D1)).exists()


@pytest.mark.parametrize("style", ["ratelimit", "retry-after", "http-date"])
@pytest.mark.parametrize("where", ["/commits/", "/tree/", "/resolve/", "/cdn/"])
def test_a_rate_limit_is_waited_for(
    fake: FakeServices, run: Fetches, files: list[bytes], where: str, style: str
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.rate_limited(7, style=style, match=where)
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.slept[0] == pytest.approx(8, abs=1.5)
    assert "waiting" in run.said[0]


@pytest.mark.parametrize("where", ["/commits/", "/tree/", "/resolve/", "/cdn/"])
def test_a_long_wait_is_refused_and_ends_the_fetch(
    fake: FakeServices, run: Fetches, files: list[bytes], where: str
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.hub.add_snapshot(noon(D2), files[1])
    fake.faults.rate_limited(3600, style="retry-after", match=where)
    results = run(D1, D2)
    assert set(statuses(results).values()) == {"failed"}
    assert sum("3,600 s" in result.note for result in results) == 1
    assert run.slept == []
    assert statuses(run(D1, D2)) == {str(D1): "landed", str(D2): "landed"}


@pytest.mark.parametrize(
    ("where", "after"),
    [("/commits/", None), ("/tree/", None), ("/resolve/", None), ("/cdn/", None), ("/cdn/", 500)],
)
def test_a_hang_ends(
    fake: FakeServices, run: Fetches, files: list[bytes], where: str, after: int | None
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.hang(60, after=after, match=where, times=None)
    started = time.monotonic()
    (result,) = run(
        D1, D1, Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=0.3, tries=2)
    )
    assert time.monotonic() - started < 5
    assert result.status == "failed"
    assert "failed 2 times" in result.note


def test_a_trickle_ends(
    fake: FakeServices,
    run: Fetches,
    files: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A byte now and then keeps every time-out of the library away."""
    import httpx2

    fake.hub.add_snapshot(noon(D1), files[0])

    whole = httpx2.Response.iter_raw

    def drops(response: httpx2.Response, chunk_size: int | None = None) -> Iterator[bytes]:
        if "/cdn/" not in str(response.url):
            yield from whole(response, chunk_size)
            return
        while True:
            time.sleep(0.05)
            yield b"x"

    monkeypatch.setattr(httpx2.Response, "iter_raw", drops)
    (result,) = run(
        D1, D1, Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=0.3, tries=2)
    )
    assert "failed 2 times (next to nothing comes)" in result.note


def test_a_refusal_in_drops_ends(fake: FakeServices, run: Fetches, files: list[bytes]) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.pour(b"x", every=0.05, status=404, service="cdn", times=None)
    (result,) = run(
        D1, D1, Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=0.3, tries=2)
    )
    assert "failed 2 times (next to nothing comes)" in result.note


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failure_of_the_service_passes(
    fake: FakeServices, run: Fetches, files: list[bytes], status: int
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    for where in ("/commits/", "/tree/", "/resolve/", "/cdn/"):
        fake.faults.status(status, match=where)
    fake.faults.drop(match="/resolve/")
    limits = Limits(first_wait=0.01, longest_backoff=0.02, read_timeout=5, tries=4)
    assert statuses(run(D1, D1, limits)) == {str(D1): "landed"}


def test_three_days_in_a_row_that_cannot_be_had_end_the_fetch(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    for number, day in enumerate((D1, D2, D3, D4)):
        fake.hub.add_snapshot(noon(day), files[number])
    fake.faults.status(503, match="/cdn/", times=None)
    results = run(D1, D4)
    assert set(statuses(results).values()) == {"failed"}
    assert "not asked for" in results[0].note
    assert len(downloads(fake)) == 9


def test_one_day_s_failure_is_not_another_s(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    for number, day in enumerate((D1, D2, D3)):
        fake.hub.add_snapshot(noon(day), files[number])
    gone = hashlib.sha256(files[1]).hexdigest()
    fake.faults.status(404, match=gone, body="<html>gone</html>", times=None)
    results = run(D1, D3)
    assert statuses(results) == {str(D1): "landed", str(D2): "failed", str(D3): "landed"}
    assert results[1].note == (
        f"hub_stats: the file of {D2} was refused by localhost with status 404"
    )


def test_a_limit_of_requests_leaves_whole_days(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    for number, day in enumerate((D1, D2, D3)):
        fake.hub.add_snapshot(noon(day), files[number])
    limits = Limits(max_requests=5, first_wait=0.01, tries=3)
    assert statuses(run(D1, D3, limits)) == {
        str(D1): "failed",
        str(D2): "failed",
        str(D3): "landed",
    }
    assert statuses(run(D1, D3, limits)) == {
        str(D1): "failed",
        str(D2): "landed",
        str(D3): "already landed",
    }
    assert statuses(run(D1, D3, limits))[str(D1)] == "landed"


# --- the dataset, the token, the disk ----------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, ""])
@pytest.mark.parametrize("is_optional", [False, True])
def test_the_dataset_is_gone(
    fake: FakeServices,
    run: Fetches,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    is_optional: bool,
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    results = run(D1, D2, is_optional=is_optional)
    assert set(statuses(results).values()) == {"skipped" if is_optional else "failed"}
    note = results[1].note
    assert f"the commits of {DATASET}" in note
    assert f"status {404 if token else 401}" in note
    assert "\n" not in note
    assert TOKEN not in note
    with pytest.raises(RefusedError):
        snapshots(run.client(), D1, D2)


def test_the_token_stays_with_the_hub(
    fake: FakeServices, run: Fetches, files: list[bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.status(403, match="/cdn/", body=f"AccessDenied for {TOKEN}")
    (refused,) = run(D1, D1)
    assert "AccessDenied for ***" in refused.note
    (landed,) = run(D1, D1)
    assert landed.status == "landed"
    assert {seen.token for seen in fake.seen("hub")} == {TOKEN}
    assert len(downloads(fake)) == 2
    assert {seen.token for seen in downloads(fake)} == {None}
    assert not any(TOKEN in str(seen.headers) for seen in downloads(fake))
    written = b"".join(path.read_bytes() for path in run.home.root.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written
    out, err = capfd.readouterr()
    assert TOKEN not in out + err + "".join(run.said) + str(refused) + str(landed)
    assert TOKEN not in repr([refused, landed])


@pytest.mark.parametrize("where", ["/commits/", "/tree/"])
def test_a_list_from_another_host_is_refused(
    fake: FakeServices, run: Fetches, files: list[bytes], where: str
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.redirect("http://localhost:1/elsewhere", match=where)
    (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "another host" in result.note


@pytest.mark.parametrize("target", ["ftp://localhost/x", "file:///etc/passwd", ""])
def test_a_redirect_to_no_safe_address(
    fake: FakeServices, run: Fetches, files: list[bytes], target: str
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.redirect(target, match="/resolve/", times=None)
    (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "redirected" in result.note


def test_a_redirect_to_no_address(run: Fetches, fake: FakeServices) -> None:
    import httpx2

    for target in ("http://[", "http://a:b/"):
        reply = httpx2.Response(302, headers={"Location": target})
        with pytest.raises(RefusedError):
            run.client()._followed(reply, fake.hf_endpoint, "the file")


def test_a_file_that_the_hub_itself_sends(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.datasets.is_redirecting = False
    fake.hub.add_snapshot(noon(D1), files[0])
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert run.bytes_of(D1) == files[0]


BODIES = [
    b"<html>",
    b"{}",
    b'[{"id": 1}]',
    b'[{"id": "main", "date": "2026-05-18T12:00:00Z"}]',
    b'[{"id": "' + b"a" * 40 + b'", "date": "yesterday"}]',
    b"[null]",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_list_that_makes_no_sense(fake: FakeServices, run: Fetches, body: bytes) -> None:
    fake.faults.malformed(body, match="/commits/", times=None)
    with pytest.raises(UnreadableReplyError):
        snapshots(run.client(), D1, D1)


@pytest.mark.parametrize(
    "change",
    [
        {"lfs": None},
        {"lfs": {"size": 0, "oid": "a" * 64}},
        {"lfs": {"size": 9, "oid": "../../etc"}},
        {"lastCommit": None},
        {"lastCommit": {"id": "../..", "date": "2026-05-18T12:00:00Z"}},
    ],
)
def test_a_file_without_size_and_hash_is_a_failure(
    fake: FakeServices, run: Fetches, files: list[bytes], change: dict[str, Any]
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.faults.replace(
        lambda entries: [{**entry, **change} for entry in entries], match="/tree/", times=None
    )
    (result,) = run(D1, D1)
    assert result.status == "failed"
    assert result.note.startswith(f"hub_stats {D1}: the listing of the dataset's files cannot be")
    assert "has no commit, size and sha256" in result.note
    with pytest.raises(UnreadableReplyError):
        snapshots(run.client(), D1, D1)


@pytest.mark.parametrize("change", [{"lfs": None}, {"path": "all_models.parquet"}])
def test_a_form_that_cannot_be_read_is_told_once(
    fake: FakeServices, run: Fetches, files: list[bytes], change: dict[str, Any]
) -> None:
    for number, day in enumerate((D1, D2, D3, D5)):
        fake.hub.add_snapshot(noon(day), files[number])
    fake.hub.add_snapshot(noon(D4), files[0])
    fault = fake.faults.replace(
        lambda entries: [{**entry, **change} for entry in entries], match="/tree/", times=None
    )
    results = run(D1, D5)
    assert set(statuses(results).values()) == {"failed"}
    notes = [result.note for result in results]
    assert notes[2:] == [notes[4]] * 3
    assert f"hub_stats {D5}: " in notes[4]
    assert notes[:2] == ["hub_stats: not asked for, after the failure before"] * 2
    assert fault.hits == 3
    assert [entry.requests for entry in plan(run.home, D1, D5)] == [None] * 5


def test_one_day_s_unreadable_listing_is_not_another_s(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    for number, day in enumerate((D1, D2, D3)):
        fake.hub.add_snapshot(noon(day), files[number])
    fake.faults.replace(lambda _: [], match="/tree/", skip=1)
    results = run(D1, D3)
    assert statuses(results) == {str(D1): "landed", str(D2): "failed", str(D3): "landed"}


def test_no_such_file(fake: FakeServices, run: Fetches) -> None:
    fake.hub.hub_stats.commit(noon(D1), {"README.md": b"text"})
    (result,) = run(D1, D1)
    assert (result.status, "it has no models.parquet" in result.note) == ("failed", True)


def test_a_list_that_only_repeats_itself(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.add_snapshot(noon(D2), files[0])
    again = f"{fake.hf_endpoint}/api/datasets/{DATASET}/commits/main?p=0&n=1"
    fault = fake.faults.loop(again, match="/commits/", times=None)
    assert statuses(run(D1, D2)) == {str(D1): "skipped", str(D2): "landed"}
    assert fault.hits == 2


def test_the_disk_is_too_small(
    fake: FakeServices, run: Fetches, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.hub.add_snapshot(noon(D2), files[1])
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=1000))
    results = run(D1, D2)
    assert set(statuses(results).values()) == {"failed"}
    assert "the disk has 0.0 GB free" in results[1].note
    assert "not asked for" in results[0].note
    assert str(run.home.root) not in results[1].note
    assert not downloads(fake)
    monkeypatch.undo()


def test_the_disk_is_full_in_mid_download(
    fake: FakeServices, run: Fetches, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "No space left on device" in result.note
    assert statuses(run(D1, D1)) == {str(D1): "landed"}


def test_what_a_run_killed_after_landing_left_is_removed(
    fake: FakeServices, run: Fetches, files: list[bytes]
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])
    run(D1, D1)
    left = run.home.landing / "hub_stats" / ".incoming" / f"{D1}.{'a' * 40}"
    left.mkdir(parents=True)
    (left / "models.parquet").write_bytes(b"x")
    run(D1, D1)
    assert not left.exists()


def test_progress(
    fake: FakeServices,
    run: Fetches,
    large: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(hub_stats_snapshots, "SECONDS_BETWEEN_STEPS", 0)
    fake.hub.add_snapshot(noon(D1), large)
    steps: list[tuple[int, int, str]] = []
    run(D1, D1, step=lambda *step: steps.append(step))
    assert steps[0] == (0, 1, f"hub_stats {D1}")
    assert steps[-1] == (1, 1, "")
    megabytes = f"{len(large) / 1e6:,.0f}"
    assert steps[-2] == (0, 1, f"hub_stats {D1}, {megabytes} of {megabytes} MB")
    assert "\r" not in capfd.readouterr().err


# --- what is landed, loaded ---------------------------------------------------------------------

ERAS = {
    date(2024, 9, 1): ("cardData", "trendingScore", "downloadsAllTime", "baseModels"),
    date(2025, 2, 1): ("downloadsAllTime", "baseModels"),
    date(2025, 5, 1): ("baseModels",),
    date(2026, 5, 1): (),
}


def add_eras(fake: FakeServices, tmp_path: Path) -> None:
    parent = {"relation": "finetune", "models": [{"_id": "a" * 24, "id": "org/model-0"}]}
    for day, lacking in ERAS.items():
        path = tmp_path / f"era-{day}.parquet"
        parquet(
            path,
            4,
            cardData='{"license": "mit"}',
            baseModels=parent,
            tags=["base_model:org/model-0", "base_model:finetune:org/model-0"],
            safetensors={"parameters": {"BF16": 7, "F32": None}, "total": 7},
            gguf='{"total": 5}',
            trendingScore=1.5,
        )
        if lacking:
            with duckdb.connect() as con:
                con.execute(f"create table t as from '{path}'")
                con.execute(f"copy (select * exclude ({', '.join(lacking)}) from t) to '{path}'")
        fake.hub.add_snapshot(noon(day), path.read_bytes())


def load(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    manifests = list(landed_partitions(home, "hub_stats"))
    with Warehouse.open(home) as warehouse:
        load_manifests(warehouse, manifests)
        return hubs.dump(warehouse.con)


@pytest.mark.parametrize("keep", ["original", "contract"])
def test_files_of_each_era_load(
    fake: FakeServices, run: Fetches, tmp_path: Path, raw: Query, keep: str
) -> None:
    add_eras(fake, tmp_path)
    results = run(min(ERAS), max(ERAS), keep=keep)
    landed = [result for result in results if result.status == "landed"]
    assert [result.partition for result in landed] == [str(day) for day in ERAS]
    load(run.home)
    assert raw(
        "select as_of, rows_read, rows_rejected from raw.loads where status = 'loaded' "
        "order by as_of"
    ) == [(day, 4, 0) for day in ERAS]
    readings = raw(
        "select distinct day, downloads_all_time is not null from raw.hub_stats_readings"
    )
    assert sorted(readings) == [(day, day >= date(2025, 2, 26)) for day in ERAS]
    metadata = raw(
        "select distinct day, base_relation, parameters_total, gguf_total "
        "from raw.hub_stats_metadata order by day"
    )
    assert metadata == [(min(ERAS), None, 7, 5), (max(ERAS), "finetune", 7, 5)]


def test_the_contract_s_columns_give_the_same_rows(
    fake: FakeServices, run: Fetches, tmp_path: Path
) -> None:
    add_eras(fake, tmp_path)
    day = date(2026, 5, 3)
    records = [model(f"org/model-{index}", index + 1) for index in range(300)]
    bad = [{**records[0], "id": "a/b/c"}, records[7], {**records[0], "id": "x/y", "likes": -1}]
    path = hubs.write_snapshot(tmp_path / "bad.parquet", [*records, *bad])
    fake.hub.add_snapshot(noon(day), path.read_bytes())
    other = Fetches(Home(tmp_path / "other"))
    run(min(ERAS), day)
    results = other(min(ERAS), day, keep="contract")
    assert results[-1].note == "left out: cardData"
    whole, contract = load(run.home), load(other.home)
    for tables in (whole, contract):
        tables.pop("loads")  # file names and sizes
    payloads = [[row[-1] for row in tables["rejects"]] for tables in (whole, contract)]
    for tables in (whole, contract):
        tables["rejects"] = [row[:-1] for row in tables["rejects"]]
    assert len(whole["rejects"]) == 3
    assert all('"cardData"' in text for text in payloads[0])
    assert not any('"cardData"' in text for text in payloads[1])
    assert whole == contract
    manifest = list(landed_partitions(other.home, "hub_stats"))[-1]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in manifest.files[0].origin
    assert f"{DATASET}@" in manifest.files[0].origin


def test_the_whole_hub_by_its_rows(
    fake: FakeServices, run: Fetches, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_stats_snapshots, "WHOLE_HUB_ROWS", 4)
    fake.hub.add_snapshot(noon(D1), files[0])
    fake.hub.add_snapshot(noon(D2), files[1])
    run(D1, D2)
    assert [entry.scope for entry in landed_partitions(run.home, "hub_stats")] == ["rows", "hub"]


def test_a_fetched_file_and_an_imported_one_are_the_same_load(
    fake: FakeServices, run: Fetches, files: list[bytes], folder: Path
) -> None:
    from extract.loading import load_source

    fake.hub.add_snapshot(noon(D1), files[0])
    run(D1, D1)
    load(run.home)
    (folder / "SYNTHETIC").touch()
    (folder / "hub_stats").mkdir()
    (folder / "hub_stats" / f"{D1}.parquet").write_bytes(files[0])
    (result,) = load_source("hub_stats", folder, run.home)
    assert result.status == "unchanged"


def test_a_damaged_file_fails_at_the_load(fake: FakeServices, run: Fetches, large: bytes) -> None:
    """The Hub's own file is broken: as it came it lands and is refused by the loader."""
    broken = large[:1000] + b"\0" * 2000 + large[3000:]
    fake.hub.add_snapshot(noon(D1), broken)
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    with pytest.raises(LoadFailedError):
        load(run.home)
    (result,) = Fetches(Home(run.home.root / "other"))(D1, D1, keep="contract")
    assert result.status == "failed"
    assert "is damaged" in result.note
    assert not list(run.home.root.glob("other/data/hub_stats/*/*"))


@pytest.mark.parametrize("name", ["link", "copyfile"])
def test_a_disk_that_is_full_when_the_file_lands(
    fake: FakeServices,
    run: Fetches,
    files: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    fake.hub.add_snapshot(noon(D1), files[0])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", str(run.home.root))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        if name == "link":
            patch.setattr("extract.landing.LINK_FROM_BYTES", 1)
            patch.setattr(os, "link", full)
        (result,) = run(D1, D1)
    assert result.status == "failed"
    assert "No space left on device" in result.note
    assert str(run.home.root) not in result.note
    fake.log.clear()
    assert statuses(run(D1, D1)) == {str(D1): "landed"}
    assert not downloads(fake)
