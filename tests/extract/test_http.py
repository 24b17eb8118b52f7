"""The client of the live sources, when the service, the network or a reply is unwell."""

from __future__ import annotations

import gzip
import logging
import socket
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from extract.errors import (
    HubtideError,
    RateLimitedError,
    RefusedError,
    RequestLimitError,
    SourceError,
    UnavailableError,
    UnreadableReplyError,
)
from extract.http import Client, Limits, endpoint, is_loopback
from extract.sources import hub_api
from tests.extract.live import QUICK, TOKEN, Clock, client, read_aloud, record
from tests.fake.faults import Fault
from tests.fake.server import FakeServices

# For replies that do not come.
HASTY = replace(QUICK, read_timeout=0.3)

GZIP = {"Content-Encoding": "gzip"}
# A gzip header up to the file's name: what follows decodes to nothing until a byte 0 comes.
GZIP_NAME = b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff"

Break = Callable[[FakeServices, int | None], Fault]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("extract.http.time", made)
    return made


@pytest.fixture
def url(fake: FakeServices) -> str:
    fake.hub.models = [record(1), record(2)]
    return f"{fake.hf_endpoint}/api/models"


@pytest.fixture
def with_token(fake: FakeServices, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return TOKEN


def asking(limits: Limits = QUICK, clock: Clock | None = None, **values: Any) -> Client:
    if clock is not None:
        values["sleep"] = clock.sleep
    return client(limits=limits, **values)


def failure(kind: type[HubtideError], url: str, client: Client | None = None, **values: Any) -> str:
    """The line that a failing GET shows."""
    with pytest.raises(kind) as caught:
        (client or asking()).get(url, "Qwen page 1", **values)
    return read_aloud(caught.value)


def no_list(body: bytes) -> str | None:
    return None if body.startswith(b"[{") and body.endswith(b"}]") else "the reply is no list"


# --- waiting -------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["ratelimit", "retry-after", "http-date"])
def test_429_is_waited_for_as_long_as_it_says(
    fake: FakeServices, url: str, clock: Clock, style: str
) -> None:
    fake.faults.rate_limited(3, style=style)
    said: list[str] = []
    asker = asking(clock=clock, say=said.append)
    assert asker.get(url, "Qwen page 1").body.startswith(b"[{")
    assert 3 <= sum(clock.waits) <= 4.01
    assert asker.requests == len(fake.log) == 2
    assert "status 429; trying again, waiting" in read_aloud(said[0])


@pytest.mark.parametrize("style", ["ratelimit", "retry-after", "http-date"])
def test_a_wait_that_is_too_long_fails_at_once(fake: FakeServices, url: str, style: str) -> None:
    fake.faults.rate_limited(3600, style=style, times=None)
    started = time.monotonic()
    line = failure(RateLimitedError, url)
    assert "Qwen page 1 is to wait 3,6" in line or "Qwen page 1 is to wait 3,59" in line
    assert "longer than 5 s: run this again later; what has landed is kept" in line
    assert time.monotonic() - started < 1
    assert len(fake.log) == 1


def test_a_used_up_window_is_waited_for_before_the_next_request(
    fake: FakeServices, url: str, clock: Clock
) -> None:
    limit = fake.hub.rate_limit
    limit.anonymous, limit.window, limit.clock = 2, 3, clock.monotonic
    asker = asking(clock=clock)
    for _ in range(6):
        asker.get(url, "Qwen page 1")
    assert [entry.status for entry in fake.log] == [200] * 6
    assert [round(wait) for wait in clock.waits] == [4, 4]


def test_a_window_that_is_used_up_for_too_long_ends_the_fetch(
    fake: FakeServices, url: str, clock: Clock
) -> None:
    fake.hub.rate_limit.anonymous = 1
    asker = asking(clock=clock)
    asker.get(url, "Qwen page 1")
    line = failure(RateLimitedError, url, asker)
    assert "the window of requests is used up for another 301 s, longer than 5 s" in line
    assert len(fake.log) == 1
    assert clock.waits == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "9" * 5000},
        {"Retry-After": "-1"},
        {"Retry-After": "\u00b2"},
        {"Retry-After": "soon"},
        {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"Retry-After": "Mon, 01 Jan 2001 00:00:00 +99999999"},
        {"RateLimit": f'"api";r=0;t={"9" * 400}'},
        {"RateLimit": f'"api";r=0;t={"9" * 5000}'},
        {"RateLimit": f'"api";r={"9" * 5000};t=1'},
        {"RateLimit": "none", "RateLimit-Policy": "none"},
    ],
)
def test_nonsense_about_waiting_is_no_crash(
    fake: FakeServices, url: str, clock: Clock, headers: dict[str, str]
) -> None:
    fake.faults.status(429, headers=headers, times=None)
    with pytest.raises((UnavailableError, RateLimitedError)) as caught:
        asking(clock=clock).get(url, "Qwen page 1")
    read_aloud(caught.value)
    assert sum(clock.waits) < 30


# --- failures that may pass ------------------------------------------------------------------


def status(code: int) -> Break:
    return lambda fake, times: fake.faults.status(code, times=times)


BREAKS: dict[str, Break] = {
    **{
        f"status {code}": status(code)
        for code in (408, 429, 500, 501, 502, 503, 504, 507, 520, 524, 529, 599)
    },
    "cut": lambda fake, times: fake.faults.cut(times=times),
    "drop": lambda fake, times: fake.faults.drop(times=times),
    "hang": lambda fake, times: fake.faults.hang(5, times=times),
    "hang in the body": lambda fake, times: fake.faults.hang(5, after=10, times=times),
    "hang in drops": lambda fake, times: fake.faults.pour(b" ", every=0.05, times=times),
    "hang in drops that decode to nothing": lambda fake, times: fake.faults.pour(
        b"x", every=0.05, first=GZIP_NAME, headers=GZIP, times=times
    ),
    "hang in the body of a 503": lambda fake, times: fake.faults.pour(
        b" ", every=0.05, status=503, times=times
    ),
    "malformed": lambda fake, times: fake.faults.malformed(times=times),
    "a page for a browser": lambda fake, times: fake.faults.malformed(
        b"<!doctype html><html>down", content_type="text/html", times=times
    ),
    "no gzip": lambda fake, times: fake.faults.status(
        200, headers={"Content-Encoding": "gzip"}, body=b"[{}]", times=times
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_burst_of_failures_is_survived(fake: FakeServices, url: str, name: str) -> None:
    BREAKS[name](fake, 2)
    asker = asking(HASTY if "hang" in name else QUICK)
    started = time.monotonic()
    assert asker.get(url, "Qwen page 1", check=no_list).body.startswith(b"[{")
    assert time.monotonic() - started < 2
    assert asker.requests == len(fake.log) == 3


@pytest.mark.parametrize("name", BREAKS)
def test_a_failure_for_ever_is_a_clear_line(fake: FakeServices, url: str, name: str) -> None:
    BREAKS[name](fake, None)
    is_reply = name in ("malformed", "a page for a browser")
    started = time.monotonic()
    asker = asking(HASTY if "hang" in name else QUICK)
    kind = UnreadableReplyError if is_reply else UnavailableError
    line = failure(kind, url, asker, check=no_list)
    assert line.startswith("hub_api: Qwen page 1 failed 3 times (")
    assert line.endswith("run this again later; what has landed is kept")
    assert time.monotonic() - started < 2
    assert len(fake.log) == 3


def test_no_server_at_all(url: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    asker = Client("hub_api", address, limits=QUICK)
    assert "(ConnectError; is the network up?)" in failure(
        UnavailableError, f"{address}/api/models", asker
    )


def test_offline_mode_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: True)
    assert failure(UnavailableError, url) == "hub_api: HF_HUB_OFFLINE is set: unset it"


# --- replies without measure -----------------------------------------------------------------


MOST_BYTES = 2**21


def bomb(fake: FakeServices) -> Fault:
    return fake.faults.status(200, headers=GZIP, body=gzip.compress(bytes(2**27)), times=None)


FLOODS: dict[str, Callable[[FakeServices], Fault]] = {
    "a bomb": bomb,
    "no end": lambda fake: fake.faults.pour(b" " * 2**16, times=None),
    "no end, decoded to nothing": lambda fake: fake.faults.pour(
        b"x" * 2**16, first=GZIP_NAME, headers=GZIP, times=None
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_reply_that_is_far_too_large_is_not_read_to_its_end(
    fake: FakeServices, url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("extract.http.MAX_REPLY_BYTES", MOST_BYTES)
    FLOODS[name](fake)
    asker = asking()
    tracemalloc.start()
    try:
        line = failure(UnreadableReplyError, url, asker)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert line == (
        "hub_api: Qwen page 1 has more than 2,097,152 bytes, far more than any real one: not read "
        "to its end; run this again later; what has landed is kept"
    )
    assert asker.requests == len(fake.log) == 1
    # What has come, with the server's and the decoder's own pieces beside it.
    assert peak < 8 * MOST_BYTES


def test_a_reply_of_the_largest_size_is_read(
    fake: FakeServices, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.http.MAX_REPLY_BYTES", MOST_BYTES)
    body = b"[" + b" " * (MOST_BYTES - 2) + b"]"
    fake.faults.status(200, body=body)
    fake.faults.status(200, headers=GZIP, body=gzip.compress(body))
    assert asking().get(url, "Qwen page 1").body == body
    assert asking().get(url, "Qwen page 1").body == body


def test_a_refusal_without_end_is_a_refusal(fake: FakeServices, url: str) -> None:
    fake.faults.pour(b"no " * 2**10, status=404)
    asker = asking()
    assert failure(RefusedError, url, asker) == "hub_api: Qwen page 1 was refused with status 404"
    assert asker.requests == 1


# --- limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["status 503", "drop", "cut"])
def test_every_try_counts_against_the_limit(fake: FakeServices, url: str, name: str) -> None:
    BREAKS[name](fake, None)
    asker = asking(Limits(max_requests=2, first_wait=0.01, tries=6))
    line = failure(RequestLimitError, url, asker)
    assert "the limit of 2 requests is used up before Qwen page 1; what has landed is kept" in line
    assert asker.requests == len(fake.log) == 2
    assert asker.requests_left == 0


# --- refusals --------------------------------------------------------------------------------


def test_the_hubs_list_of_names_is_shown(fake: FakeServices, url: str) -> None:
    line = failure(RefusedError, url, params=[("expand", "nonsense")])
    assert 'was refused with status 400: "expand[0]" must be one of [author, ' in line
    assert "usedStorage" not in line
    assert "widgetData" in line or "xetEnabled" in line  # the last of the list


def test_a_wrong_token_is_said_and_not_shown(fake: FakeServices, url: str, with_token: str) -> None:
    fake.hub.tokens = set()
    line = failure(RefusedError, url)
    assert "was refused with status 401; is the token or key right?" in line
    assert len(fake.log) == 1


def test_a_refusal_that_quotes_the_token_is_shown_without_it(
    fake: FakeServices, url: str, with_token: str
) -> None:
    body = f"<b>no</b>\r\n\x1b[31m\u202e{TOKEN} is\tbad\x00 Bearer {TOKEN}"
    fake.faults.status(403, body=body)
    with pytest.raises(RefusedError) as caught:
        asking().get(url, "Qwen page 1")
    assert str(caught.value).endswith("<b>no</b> [31m*** is bad Bearer ***")
    assert TOKEN not in str(caught.value)


def test_an_empty_key_spoils_no_message(fake: FakeServices, url: str) -> None:
    fake.faults.status(404, body="not here")
    asker = Client("hub_api", fake.hf_endpoint, {"Authorization": ""}, QUICK)
    assert failure(RefusedError, url, asker).endswith("status 404: not here")


def test_a_page_for_a_browser_is_not_shown(fake: FakeServices, url: str) -> None:
    fake.faults.status(418, body="<HTML><body>I am a teapot</body></HTML>")
    assert failure(RefusedError, url) == "hub_api: Qwen page 1 was refused with status 418"


@pytest.mark.parametrize("token", ["hf_\u00e9", "hf_\x01x", "hf_\u2603"])
def test_a_token_that_no_header_can_hold(
    url: str, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    line = failure(RefusedError, url)
    assert line == "hub_api: the token or key holds characters that no header can: set it again"
    assert token not in line


# --- other hosts -----------------------------------------------------------------------------


def test_a_token_goes_to_the_own_host(fake: FakeServices, url: str, with_token: str) -> None:
    asking().get(url, "Qwen page 1")
    assert [entry.token for entry in fake.log] == [TOKEN]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(
    fake: FakeServices, url: str, with_token: str, code: int
) -> None:
    with FakeServices() as other:
        fake.faults.redirect(f"{other.hf_endpoint}/api/models?x={TOKEN}", code=code)
        line = failure(RefusedError, url)
        assert "is redirected to another host (127.0.0.1)" in line
        assert "because a token must not go there" in line
        assert other.log == []
    assert len(fake.log) == 1


def test_a_link_to_another_host_is_not_followed(
    fake: FakeServices, url: str, with_token: str
) -> None:
    with FakeServices() as other:
        fake.faults.loop(to=f"{other.hf_endpoint}/api/models?cursor=x")
        pages = asking().pages(url, "Qwen")
        next(pages)
        with pytest.raises(RefusedError) as caught:
            next(pages)
        assert read_aloud(caught.value) == (
            "hub_api: Qwen page 2 leads to another host (127.0.0.1), which is not asked"
        )
        assert other.log == []
    assert len(fake.log) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://[",
        "http://[::1",
        "http://127.0.0.1:99999999/",
        "//evil.example/",
        "https://hf_secret@evil.example/",
        "http://127.0.0.1:1\\@evil.example/",
        "http://evil\x7f.example/",
        f"http://{'x' * 3000}.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("way", ["location", "link"])
def test_addresses_that_lead_astray(
    url: str, monkeypatch: pytest.MonkeyPatch, target: str, way: str
) -> None:
    sent: list[str] = []

    # No proper server can be made to send these.
    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(str(request.url))
        value = target if way == "location" else f'<{target}>; rel="next"'
        status = 307 if way == "location" else 200
        # Not read yet, as it comes from a network.
        return httpx2.Response(status, headers={way: value}, stream=httpx2.ByteStream(b""))

    session = httpx2.Client(transport=httpx2.MockTransport(answer))
    monkeypatch.setattr("huggingface_hub.utils._http.get_session", lambda: session)
    with pytest.raises(SourceError) as caught:
        list(asking().pages(url, "Qwen"))
    assert "another host" in read_aloud(caught.value)
    assert "secret" not in str(caught.value)
    assert sent == [url]


def test_a_redirect_on_the_own_host_is_followed(
    fake: FakeServices, url: str, with_token: str
) -> None:
    fake.faults.redirect("/hf/api/models?limit=1")
    assert asking().get(url, "Qwen page 1").body.count(b'"_id"') == 1
    assert [entry.token for entry in fake.log] == [TOKEN, TOKEN]


def test_redirects_without_end_are_a_clear_line(fake: FakeServices, url: str) -> None:
    fake.faults.redirect("/hf/api/models", times=None)
    line = failure(RefusedError, url)
    assert line == "hub_api: Qwen page 1 is redirected without end (status 307)"
    assert len(fake.log) == 4


# --- pages -----------------------------------------------------------------------------------


def test_pages_are_followed_to_the_end(fake: FakeServices, url: str) -> None:
    fake.hub.models = [record(number) for number in range(5)]
    fake.hub.max_page_size = 2
    replies = list(asking().pages(url, "Qwen", [("author", "Qwen"), ("sort", "createdAt")]))
    assert [reply.body.count(b'"_id"') for reply in replies] == [2, 2, 1]
    assert [reply.next_url is None for reply in replies] == [False, False, True]
    assert replies[0].path == "/hf/api/models?author=Qwen&sort=createdAt"


@pytest.mark.parametrize("skip", [0, 1])
def test_a_link_back_to_a_page_that_was_read_ends_the_listing(
    fake: FakeServices, url: str, skip: int
) -> None:
    fake.hub.models = [record(number) for number in range(9)]
    fake.hub.max_page_size = 2
    fake.faults.loop(to=url if skip else None, skip=skip, times=None)
    with pytest.raises(UnreadableReplyError) as caught:
        list(asking().pages(url, "Qwen"))
    assert "is a page that was read before: the listing runs in a circle" in read_aloud(
        caught.value
    )
    assert len(fake.log) == 1 + skip


# --- addresses and secrets -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ftp://x", "is no address"),
        ("huggingface.co", "is no address"),
        ("http://", "is no address"),
        ("http://[", "is no address"),
        ("https://user:hf_secret@huggingface.co", "holds a user name or password"),
        ("https://hf_secret@huggingface.co", "holds a user name or password"),
    ],
)
def test_an_endpoint_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str, shown: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", value)
    with pytest.raises(RefusedError) as caught:
        endpoint("HF_ENDPOINT", hub_api.DEFAULT_ENDPOINT)
    assert read_aloud(caught.value).startswith(f"HF_ENDPOINT {shown}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8000/hf", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://[::1]:80", True),
        ("https://huggingface.co", False),
        ("https://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        ("http://[", False),
    ],
)
def test_what_is_of_this_machine(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_no_log_of_any_library_has_the_token(
    fake: FakeServices,
    url: str,
    with_token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_DEBUG", True)
    for name in ("huggingface_hub", "httpx2", "httpcore2", ""):
        caplog.set_level(logging.DEBUG, name)
    monkeypatch.setattr(logging.getLogger("huggingface_hub"), "propagate", True)
    for name in ("status 503", "drop", "malformed"):
        BREAKS[name](fake, 1)
    failure(UnreadableReplyError, url, check=no_list)
    fake.hub.tokens = set()
    failure(RefusedError, url)
    assert "/api/models" in caplog.text
    assert TOKEN not in caplog.text
