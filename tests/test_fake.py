"""The fake services, read by the real client: they may not drift from the wire formats."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import pytest
from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils._http import (
    close_session,
    hf_raise_for_status,
    http_backoff,
    parse_ratelimit_headers,
)

from extract.sources.sample import write
from extract.sources.sample.build import build_models
from extract.sources.sample.models import day_index
from tests.fake import FakeServices
from tests.fake.sample import hub_items, modelscope_items, renames

pytest_plugins = ["tests.fake.fixture"]

STATS = "cfahlgren1/hub-stats"


@pytest.fixture
def fake(fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The fake, and the client without telemetry, so that it asks no other host."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    close_session()
    yield fake_services
    close_session()


@pytest.fixture
def api(fake: FakeServices) -> HfApi:
    return HfApi(endpoint=fake.hf_endpoint, token=False)


def item(number: int, name: str = "", **more: Any) -> dict[str, Any]:
    """A record of a model; a higher number is newer."""
    model_id = name or f"Qwen/model-{number}"
    return {
        "_id": f"{number:024x}",
        "id": model_id,
        "author": model_id.split("/")[0],
        "createdAt": f"2026-03-{number:02d}T10:00:00.000Z",
        "lastModified": f"2026-03-{number:02d}T11:00:00.000Z",
        "downloads": 10 * number,
        "downloadsAllTime": 100 * number,
        "likes": number,
        "trendingScore": 1.5,
        "gated": False,
        "private": False,
        "disabled": False,
        "tags": ["safetensors"],
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "cardData": {"license": "apache-2.0"},
        "safetensors": {"parameters": {"BF16": 7_615_616_512}, "total": 7_615_616_512},
        **more,
    }


def get(url: str, **keywords: Any) -> httpx2.Response:
    """One GET as the Hub's client does it, with short waits between tries."""
    return http_backoff("GET", url, base_wait_time=0.01, max_wait_time=0.02, **keywords)


# --- the Hub's lists -----------------------------------------------------------------------


def test_list_models_expand_pages_and_order(fake: FakeServices, api: HfApi) -> None:
    parent = {"relation": "finetune", "models": [{"_id": f"{1:024x}", "id": "Qwen/model-1"}]}
    fake.hub.models = [item(n) for n in range(1, 6)]
    fake.hub.models += [item(9, "other/model-9"), {**item(3), "_id": "f" * 24, "id": "Qwen/twin"}]
    fake.hub.models[4]["baseModels"] = parent
    fake.hub.max_page_size = 2
    found = list(
        api.list_models(
            author="Qwen",
            sort="created_at",
            expand=["downloads", "downloadsAllTime", "createdAt", "safetensors", "baseModels"],
        )
    )
    # Newest first; two of one time by _id.
    assert [model.id.split("/")[1] for model in found] == [
        "model-5", "model-4", "model-3", "twin", "model-2", "model-1",
    ]  # fmt: skip
    assert found[0].downloads == 50
    assert found[0].downloads_all_time == 500
    assert found[0].created_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert found[0].safetensors is not None
    assert found[0].safetensors.total == 7_615_616_512
    assert found[0].likes is None  # not asked for
    pages = fake.seen("hub", "/api/models?")
    assert len(pages) == 3
    assert all("expand=downloadsAllTime" in page.path for page in pages)
    assert "cursor=" in pages[1].path
    raw = get(f"{fake.hf_endpoint}/api/models?author=Qwen&sort=createdAt&limit=1&expand=baseModels")
    assert raw.json() == [{"_id": f"{5:024x}", "id": "Qwen/model-5", "baseModels": parent}]
    assert raw.links["next"]["url"].startswith(f"{fake.hf_endpoint}/api/models?")
    assert "set-cookie" not in raw.headers


def test_list_models_default_shape_and_filters(fake: FakeServices, api: HfApi) -> None:
    tags = ["base_model:Qwen/model-1", "base_model:finetune:Qwen/model-1", "gguf"]
    fake.hub.models = [item(1), item(2, "bob/tuned", tags=tags), item(3, "amy/x", tags=["gguf"])]
    found = list(api.list_models(filter="base_model:finetune:Qwen/model-1", limit=5))
    assert [model.id for model in found] == ["bob/tuned"]
    found = list(api.list_models(filter=["base_model:Qwen/model-1", "gguf"]))
    assert [model.id for model in found] == ["bob/tuned"]
    (raw,) = get(f"{fake.hf_endpoint}/api/models?filter=gguf&search=AMY").json()
    assert set(raw) == {
        "_id", "id", "likes", "downloads", "tags", "createdAt", "pipeline_tag", "library_name",
        "private", "modelId",
    }  # fmt: skip


def test_unknown_expand_is_refused_with_the_valid_names(fake: FakeServices) -> None:
    reply = get(f"{fake.hf_endpoint}/api/models?expand=downloads&expand=nonsense")
    assert reply.status_code == 400
    assert "expand[1]" in reply.json()["error"]
    assert "downloadsAllTime" in reply.json()["error"]
    with pytest.raises(BadRequestError):
        hf_raise_for_status(reply)
    # Answered on the detail route only.
    assert get(f"{fake.hf_endpoint}/api/models?expand=usedStorage").status_code == 400


def test_detail_redirect_and_what_cannot_be_seen(fake: FakeServices, api: HfApi) -> None:
    fake.hub.models_of = lambda day: [item(day.day), item(20, "Qwen/secret")]
    fake.hub.day = date(2026, 3, 7)
    fake.hub.renames = {"Old/name": "Qwen/model-7"}
    fake.hub.hidden = {"Qwen/secret"}
    assert api.model_info("Qwen/model-7", expand=["likes"]).likes == 7
    assert api.model_info("Old/name").id == "Qwen/model-7"
    assert fake.seen("hub", "Old/name")[0].status == 307
    for name in ("Qwen/secret", "Qwen/never-there"):
        with pytest.raises(HfHubHTTPError) as caught:
            api.model_info(name)
        assert caught.value.response.status_code == 401
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("Qwen/never-there", token="hf_fake_token")
    assert [model.id for model in api.list_models(author="Qwen")] == ["Qwen/model-7"]


def test_tokens(fake: FakeServices, api: HfApi) -> None:
    assert api.whoami(token="hf_fake_token")["name"] == "fake-user"
    with pytest.raises(HfHubHTTPError) as caught:
        list(api.list_models(token="hf_wrong"))
    assert caught.value.response.status_code == 401
    list(api.list_models())
    assert [entry.token for entry in fake.log] == ["hf_fake_token", "hf_wrong", None]
    assert get(f"{fake.hf_endpoint}/api/agent-harnesses").status_code == 404


def test_rate_limit_window(fake: FakeServices) -> None:
    now = [0.0]
    limit = fake.hub.rate_limit
    limit.anonymous, limit.authenticated, limit.window = 2, 3, 60
    limit.clock = lambda: now[0]
    url = f"{fake.hf_endpoint}/api/models"
    first = get(url)
    assert first.headers["RateLimit"] == '"api";r=1;t=60'
    assert first.headers["RateLimit-Policy"] == '"fixed window";"api";q=2;w=60'
    now[0] = 20.0
    get(url)
    third = get(url, retry_on_status_codes=())
    assert third.status_code == 429
    info = parse_ratelimit_headers(third.headers)
    assert info is not None
    assert (info.remaining, info.reset_in_seconds, info.limit) == (0, 40, 2)
    mine = get(url, headers={"Authorization": "Bearer hf_fake_token"})
    assert mine.headers["RateLimit"] == '"api";r=2;t=60'
    now[0] = 60.0
    assert get(url).status_code == 200


# --- datasets ------------------------------------------------------------------------------


def test_snapshots_by_the_real_client(fake: FakeServices, api: HfApi, tmp_path: Path) -> None:
    file = tmp_path / "small.parquet"
    duckdb.execute(f"copy (select 'Qwen/model-1' as id, 5 as downloads) to '{file}'")
    stats = fake.hub.hub_stats
    first = stats.add_snapshot(datetime(2026, 3, 1, 2, 10, tzinfo=UTC), file, "Update for 1 March")
    readme = stats.commit(datetime(2026, 3, 1, 9, tzinfo=UTC), {"README.md": b"words"})
    last = stats.add_snapshot(datetime(2026, 3, 2, 2, 10, tzinfo=UTC), b"PAR1" + bytes(300_000))
    fake.hub.datasets.commits_per_page = 2

    commits = api.list_repo_commits(STATS, repo_type="dataset")
    assert [commit.commit_id for commit in commits] == [last, readme, first]
    assert commits[2].created_at == datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
    assert commits[2].title == "Update for 1 March"
    assert len(fake.seen("hub", "/commits/main")) == 2

    (info,) = api.get_paths_info(
        STATS, ["models.parquet", "absent"], repo_type="dataset", revision=readme, expand=True
    )
    assert isinstance(info, RepoFile)
    assert info.last_commit is not None
    assert info.lfs is not None
    assert info.last_commit.oid == first  # the commit in between did not touch it
    assert info.lfs.size == file.stat().st_size

    got = hf_hub_download(
        STATS, "models.parquet", repo_type="dataset", revision=first, token="hf_fake_token",
        local_dir=tmp_path / "here", endpoint=fake.hf_endpoint,
    )  # fmt: skip
    assert Path(got).read_bytes() == file.read_bytes()
    # The file store is another host: the token stays with the Hub.
    assert {entry.token for entry in fake.seen("hub", "/resolve/")} == {"hf_fake_token"}
    assert [entry.token for entry in fake.seen("cdn")] == [None]
    assert api.dataset_info(STATS).sha == last
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_commits(STATS, repo_type="dataset", revision="no-such-branch")
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download(STATS, "absent", repo_type="dataset", token=False,
                        local_dir=tmp_path / "no", endpoint=fake.hf_endpoint)  # fmt: skip


@pytest.mark.parametrize("is_redirecting", [True, False])
def test_download_goes_on_after_a_cut(
    fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_redirecting: bool
) -> None:
    # The client keeps whole chunks only, of 10 MB unless told otherwise.
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 50_000)
    content = bytes(range(256)) * 1000
    sha = fake.hub.hub_stats.add_snapshot(datetime(2026, 3, 1, 2, 10, tzinfo=UTC), content)
    fake.hub.datasets.is_redirecting = is_redirecting
    service = "cdn" if is_redirecting else "hub"
    fake.faults.cut(after=100_000, service=service, method="GET")
    got = hf_hub_download(
        STATS, "models.parquet", repo_type="dataset", revision=sha, token=False,
        local_dir=tmp_path, endpoint=fake.hf_endpoint,
    )  # fmt: skip
    assert Path(got).read_bytes() == content
    gets = [entry for entry in fake.seen(service) if entry.method == "GET"]
    assert [entry.status for entry in gets] == [200, 206]
    assert gets[1].headers["range"] == "bytes=100000-"


# --- the other services --------------------------------------------------------------------


def test_openrouter(fake: FakeServices) -> None:
    many = {f"lab/model-{n}": 1000 - n for n in range(52)}
    fake.openrouter.rankings = {
        "2026-03-01": {"other": 7, "a/b": 3, "c/d": 10**15},
        "2026-03-02": many,
    }
    fake.openrouter.catalogue = [{"id": "a/b", "canonical_slug": "a/b", "hugging_face_id": ""}]
    base = fake.openrouter_base_url
    key = {"Authorization": f"Bearer {fake.openrouter.key}"}
    url = f"{base}/datasets/rankings-daily"
    span = {"start_date": "2026-03-01", "end_date": "2026-03-02"}
    body = httpx2.get(url, params=span, headers=key).json()
    assert body["data"][:3] == [
        {"date": "2026-03-01", "model_permaslug": "c/d", "total_tokens": "1000000000000000"},
        {"date": "2026-03-01", "model_permaslug": "a/b", "total_tokens": "3"},
        {"date": "2026-03-01", "model_permaslug": "other", "total_tokens": "7"},
    ]
    second = [row for row in body["data"] if row["date"] == "2026-03-02"]
    assert len(second) == 51
    assert second[-1]["model_permaslug"] == "other"
    assert sum(int(row["total_tokens"]) for row in second) == sum(many.values())
    assert body["meta"] == {**span, "as_of": "2026-03-02", "version": "v1"}
    refused = httpx2.get(url, params=span)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, 401)
    for start, end in (("soon", "2026-03-02"), ("2025-03-01", "2026-03-02"), ("2026-03-02", "")):
        bad = httpx2.get(url, params={"start_date": start, "end_date": end}, headers=key)
        assert bad.status_code == 400
    assert httpx2.get(f"{base}/models").json() == {"data": fake.openrouter.catalogue}


def test_modelscope(fake: FakeServices) -> None:
    fake.modelscope.models = [{"id": f"Qwen/m{n}", "downloads": n} for n in range(120)]
    fake.modelscope.models.append({"id": "ZhipuAI/m", "downloads": 5})
    url = f"{fake.modelscope_endpoint}/openapi/v1/models"
    query: dict[str, Any] = {"owner": "Qwen", "sort": "downloads", "page_number": 3}
    body = httpx2.get(url, params={**query, "page_size": 50}).json()
    assert body["success"] is True
    assert set(body["data"]) == {"models", "total_count", "page_number", "page_size"}
    assert body["data"]["total_count"] == 120
    assert [model["downloads"] for model in body["data"]["models"]] == list(range(19, -1, -1))
    for number, size in ((1, 51), (61, 50), (0, 50)):
        reply = httpx2.get(url, params={**query, "page_number": number, "page_size": size})
        assert reply.status_code == 200
        assert reply.json()["success"] is False
        assert reply.json()["code"] == "InvalidParameter"


def test_tracked(fake: FakeServices) -> None:
    fake.tracked.files["metadata/organization_regions.csv"] = "hf_org,region,notes\n"
    url = f"{fake.tracked_models_url}/metadata"
    assert httpx2.get(f"{url}/organization_regions.csv").text == "hf_org,region,notes\n"
    assert httpx2.get(f"{url}/other.csv").status_code == 404


# --- faults --------------------------------------------------------------------------------


def test_faults_take_turns_and_the_client_comes_through(fake: FakeServices) -> None:
    fake.hub.models = [item(1)]
    fake.faults.status(503, times=2, service="hub")
    fake.faults.cut()
    fake.faults.drop()
    assert len(get(f"{fake.hf_endpoint}/api/models?author=Qwen").json()) == 1
    assert [entry.status for entry in fake.log] == [503, 503, 200, 0, 200]


def test_cut_and_drop_are_protocol_errors(fake: FakeServices) -> None:
    fake.hub.models = [item(1)]
    url = f"{fake.hf_endpoint}/api/models"
    fake.faults.cut(after=5)
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(url)
    fake.faults.drop()
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        httpx2.get(url)
    assert httpx2.get(url).status_code == 200


def test_rate_limited_in_three_ways(fake: FakeServices) -> None:
    url = f"{fake.tracked_models_url}/x"
    fake.faults.rate_limited(40)
    fake.faults.rate_limited(41, style="retry-after")
    fake.faults.rate_limited(42, style="http-date")
    first, second, third = (httpx2.get(url) for _ in range(3))
    assert {first.status_code, second.status_code, third.status_code} == {429}
    info = parse_ratelimit_headers(first.headers)
    assert info is not None
    assert info.reset_in_seconds == 40
    assert second.headers["Retry-After"] == "41"
    moment = parsedate_to_datetime(third.headers["Retry-After"])
    assert 30 < (moment - datetime.now(UTC)).total_seconds() < 50


def test_hang_blocks_nobody_else(fake: FakeServices) -> None:
    fake.hub.models = [item(n) for n in range(1, 9)]
    url = f"{fake.hf_endpoint}/api/models"
    fake.faults.hang(30, match="author=slow", times=None)
    started = time.monotonic()
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{url}?author=slow", timeout=0.2)
    assert httpx2.get(url).status_code == 200
    fake.faults.clear()
    fake.faults.hang(30, after=10)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(url, timeout=0.2)
    assert time.monotonic() - started < 5


def test_edits_and_replies_that_lie(fake: FakeServices) -> None:
    fake.hub.models = [item(n) for n in range(1, 4)]
    fake.hub.max_page_size = 1
    url = f"{fake.hf_endpoint}/api/models?sort=createdAt"
    fake.faults.loop(service="hub", skip=1)
    first = httpx2.get(url)
    second = httpx2.get(first.links["next"]["url"])
    assert second.links["next"]["url"] == str(second.url)
    fault = fake.faults.replace(lambda page: [{**page[0], "likes": "many"}, None], times=None)
    assert httpx2.get(url).json()[0]["likes"] == "many"
    assert httpx2.get(url).json()[1] is None
    fault.remove()
    assert fault.hits == 2
    fake.faults.empty()
    assert httpx2.get(url).json() == []
    fake.faults.malformed(b"<html>")
    assert httpx2.get(url).text == "<html>"
    fake.faults.redirect("http://127.0.0.1:9/elsewhere")
    assert httpx2.get(url).headers["Location"] == "http://127.0.0.1:9/elsewhere"
    fake.faults.success_false("Throttled")
    reply = httpx2.get(f"{fake.modelscope_endpoint}/openapi/v1/models")
    assert (reply.status_code, reply.json()["code"]) == (200, "Throttled")
    fake.before.append(lambda seen: fake.hub.models.clear())
    assert httpx2.get(url).json() == []


# --- the sample ----------------------------------------------------------------------------


def test_sample_says_what_its_snapshots_say() -> None:
    models = build_models()
    items = hub_items(models)
    for day in (date(2025, 7, 1), date(2025, 12, 17), date(2026, 4, 2)):
        number = day_index(day)
        expected = {
            (write_row[2], write_row[3], write_row[4], models[write_row[1]].created_at)
            for write_row in write._counter_rows(models)
            if write_row[0] == number
        }
        found = {
            (
                item["downloads"],
                item["downloadsAllTime"],
                item["likes"],
                datetime.fromisoformat(item["createdAt"]).replace(tzinfo=None),
            )
            for item in items(day)
        }
        assert found == expected
    names = {item["id"] for item in items(date(2025, 7, 1))}
    assert "THUDM/chatglm3-6b" in names
    assert "zai-org/chatglm3-6b" not in names
    assert "THUDM/chatglm3-6b" not in renames(models, date(2025, 7, 9))
    assert renames(models, date(2025, 7, 10))["THUDM/chatglm3-6b"] == "zai-org/chatglm3-6b"
    early, late = (
        {model["id"]: model["downloads"] for model in modelscope_items(models, day)}
        for day in (date(2026, 3, 1), date(2026, 4, 2))
    )
    assert early
    assert all(late[name] >= downloads for name, downloads in early.items())


def test_sample_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fake", "--port", "0", "--day", "2026-03-05"]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as program:
        try:
            assert program.stdout is not None
            lines = [program.stdout.readline() for _ in range(7)]
            said = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[1:])
            assert said["HUBTIDE_TODAY"] == "2026-03-05"
            api = HfApi(endpoint=said["HF_ENDPOINT"], token=False)
            models = list(api.list_models(author="Qwen", expand=["downloadsAllTime", "baseModels"]))
            assert len(models) > 30
            newest = api.list_repo_commits(STATS, repo_type="dataset")[0]
            assert newest.created_at == datetime(2026, 3, 6, 2, 10, tzinfo=UTC)
            file = hf_hub_download(
                STATS, "models.parquet", repo_type="dataset", revision=newest.commit_id,
                token=False, local_dir=tmp_path, endpoint=said["HF_ENDPOINT"],
            )  # fmt: skip
            relation = duckdb.execute("select count(*) from read_parquet(?)", [file])
            assert relation.fetchone() == (
                len(get(f"{said['HF_ENDPOINT']}/api/models?limit=1000").json()),
            )
            rankings = httpx2.get(
                f"{said['OPENROUTER_BASE_URL']}/datasets/rankings-daily",
                params={"start_date": "2026-03-01", "end_date": "2026-03-31"},
                headers={"Authorization": f"Bearer {said['OPENROUTER_API_KEY']}"},
            ).json()
            assert len(rankings["data"]) == 5 * 51
            assert rankings["meta"]["as_of"] == "2026-03-06"
            assert httpx2.get(f"{said['TRACKED_MODELS_URL']}/models.csv").text.startswith("org,")
        finally:
            program.terminate()
