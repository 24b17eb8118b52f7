"""GET over huggingface_hub's session: time-outs, retries, rate limits, request budgets.

The library's own retry obeys any Retry-After without an upper bound, knows no dates in it, waits
for nothing while replies are good, lets list calls hang, and its tries could not be counted: so
its session is used without it (docs/operations.md, Live sources).

No error message holds a header, a token or a query.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin, urlsplit

from extract.errors import (
    RateLimitedError,
    RefusedError,
    RequestLimitError,
    SourceError,
    UnavailableError,
    UnreadableReplyError,
)
from extract.home import utc_now

if TYPE_CHECKING:
    import httpx2

# Read when the library is imported, below: it would ask the Hub for more than was asked of it.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

Say = Callable[[str], None]
Params = list[tuple[str, str]]
# What is wrong with a reply's body, None where nothing is.
Check = Callable[[bytes], str | None]

SECRET_VARIABLES = ("HF_TOKEN", "OPENROUTER_API_KEY")

MAX_REDIRECTS = 3

# The most that is read of a reply, in bytes, as sent and as decoded: several times the largest that
# a source gives (some tens of megabytes; a page of the Hub's has one to three), and small enough to
# be held twice in memory, in pieces and whole.
MAX_REPLY_BYTES = 256 * 2**20

# A refusal of more bytes than this is no message, and nothing of it is shown.
MAX_REFUSAL_BYTES = 100_000

# Fewer bytes than this within `read_timeout`: the connection is given up as one that hangs. A byte
# now and then keeps every time-out of the library away.
LEAST_BYTES = 2**16

# No wait that a service asks for is taken to be longer (seconds); it is far above any `max_wait`.
LONGEST_ASKED = 10**9

# So much of what a service says of a refusal is shown; the Hub's list of names has 400 letters.
SHOWN_LETTERS = 700


class StalledError(Exception):
    """A connection that gives next to nothing."""


class StatusRefusedError(RefusedError):
    """The service refused the request with `status`."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """How long and how often to ask. Seconds, but for `max_requests` and `tries`.

    `max_wait` bounds each single wait that a server asks for: the Hub's window has 300 s.
    """

    max_requests: int | None = None
    tries: int = 6
    connect_timeout: float = 15
    read_timeout: float = 60
    first_wait: float = 1
    longest_backoff: float = 30
    max_wait: float = 600


@dataclass(frozen=True)
class Reply:
    """A reply of status 200. `url` is as asked, `next_url` from the Link header."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    next_url: str | None
    fetched_at: datetime

    @property
    def path(self) -> str:
        """The address without its host, for manifests."""
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass
class Client:
    """Asks one service, within its limits. `name` is how messages call it."""

    name: str
    origin: str
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    say: Say = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    requests: int = 0
    waited: float = 0
    _remaining: int | None = None
    _reset_at: float = 0

    def get(
        self, url: str, what: str, params: Params | None = None, check: Check | None = None
    ) -> Reply:
        """GET a page. `what` says in messages what was asked for.

        `check` gets the body of a good reply and says what is wrong with it, if anything; the page
        is then asked for again, as after a failure of the service.

        Raises RequestLimitError before a request over `max_requests`, RateLimitedError when the
        service asks for a wait longer than `max_wait`, UnavailableError after `tries` failures of
        the network or the service, UnreadableReplyError when the body stays wrong and, at once,
        when it is larger than MAX_REPLY_BYTES, RefusedError for any other status and for a
        redirect to another host, where a token must not go.
        """
        if origin_of(url) != origin_of(self.origin):
            raise RefusedError(
                f"{self.name}: {what} leads to another host ({_host(url)}), which is not asked"
            )
        backoff = self.limits.first_wait
        tried = self._try_once(url, what, params, check)
        for _ in range(self.limits.tries - 1):
            if isinstance(tried, Reply):
                break
            wait = backoff if tried.asked is None else tried.asked + 1
            self._wait(wait, f"{self.name}: {what}: {tried.problem}; trying again")
            backoff = min(backoff * 2, self.limits.longest_backoff)
            tried = self._try_once(url, what, params, check)
        if isinstance(tried, Reply):
            return tried
        raise tried.kind(
            f"{self.name}: {what} failed {self.limits.tries} times ({tried.problem}): run this "
            "again later; what has landed is kept"
        )

    def pages(
        self, url: str, what: str, params: Params | None = None, check: Check | None = None
    ) -> Iterator[Reply]:
        """Replies along `Link: …; rel="next"`.

        Raises what `get` raises, and UnreadableReplyError when a link leads back to a page that
        was asked for before.
        """
        seen: set[str] = set()
        number = 1
        following: str | None = url
        while following is not None:
            reply = self.get(following, f"{what} page {number}", params, check)
            yield reply
            seen.update({following, reply.url})
            following, params, number = reply.next_url, None, number + 1
            if following in seen:
                raise UnreadableReplyError(
                    f"{self.name}: {what} page {number} is a page that was read before: the "
                    "listing runs in a circle. Run this again later"
                )

    @property
    def requests_left(self) -> int | None:
        """Requests left of `max_requests`, None where there is no limit."""
        if self.limits.max_requests is None:
            return None
        return max(0, self.limits.max_requests - self.requests)

    def _try_once(
        self, url: str, what: str, params: Params | None, check: Check | None
    ) -> Reply | _Failure:
        import httpx2

        try:
            response = self._follow(url, what, params)
        except httpx2.HTTPError as error:
            return _Failure(UnavailableError, _network_problem(error))
        except StalledError:
            return _Failure(UnavailableError, "next to nothing comes")
        status = response.status_code
        if status == 200:
            problem = check(response.content) if check else None
            if problem is None:
                return _reply(response)
            return _Failure(UnreadableReplyError, problem)
        if is_transient(status):
            return _Failure(UnavailableError, f"status {status}", self._asked(response, what))
        raise StatusRefusedError(self._refusal(response, what), status)

    def _follow(self, url: str, what: str, params: Params | None) -> httpx2.Response:
        response = self._send(url, what, params)
        for _ in range(MAX_REDIRECTS):
            if not response.has_redirect_location:
                return response
            url = self._redirected(response, url, what)
            response = self._send(url, what, None)
        if response.has_redirect_location:
            raise RefusedError(
                f"{self.name}: {what} is redirected without end (status {response.status_code})"
            )
        return response

    def _asked(self, response: httpx2.Response, what: str) -> float | None:
        """Seconds that a failed reply asks to wait, None where it says nothing."""
        asked = _wait_asked(response.headers)
        if asked is not None and asked > self.limits.max_wait:
            raise RateLimitedError(
                f"{self.name}: {what} is to wait {asked:,.0f} s (status {response.status_code}), "
                f"longer than {self.limits.max_wait:,.0f} s: run this again later; what has "
                "landed is kept"
            )
        return asked

    def _send(self, url: str, what: str, params: Params | None) -> httpx2.Response:
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled
        from huggingface_hub.utils._http import get_session

        # A library's error would quote the header.
        if not all(value.isascii() and value.isprintable() for value in self.headers.values()):
            raise RefusedError(
                f"{self.name}: the token or key holds characters that no header can: set it again"
            )
        self._pace()
        if self.requests_left == 0:
            raise RequestLimitError(
                f"{self.name}: the limit of {self.limits.max_requests} requests is used up before "
                f"{what}; what has landed is kept, and the same command goes on from there"
            )
        self.requests += 1
        try:
            with get_session().stream(
                "GET",
                url,
                headers=dict(self.headers),
                params=cast("Any", params),
                follow_redirects=False,
                timeout=httpx2.Timeout(
                    self.limits.read_timeout, connect=self.limits.connect_timeout
                ),
            ) as coming:
                response = self._whole(coming, what)
        except OfflineModeIsEnabled:
            raise UnavailableError(f"{self.name}: HF_HUB_OFFLINE is set: unset it") from None
        except httpx2.InvalidURL:
            raise RefusedError(f"{self.name}: {what} leads to no address") from None
        self._note_window(response.headers)
        return response

    def _whole(self, response: httpx2.Response, what: str) -> httpx2.Response:
        """A reply with its body, decoded; without one where a refusal's is too large to be shown.

        Raises StalledError, and UnreadableReplyError for a page larger than MAX_REPLY_BYTES.
        """
        import httpx2

        is_page = response.status_code == 200
        most = MAX_REPLY_BYTES if is_page else MAX_REFUSAL_BYTES
        # Watched before they are decoded, too: bytes that decode to nothing are not seen after it.
        sent = _up_to(most, steady(response.iter_raw(), self.limits.read_timeout))
        headers, request = response.headers.copy(), response.request
        decoding = httpx2.Response(200, headers=headers, content=sent, request=request)
        try:
            body = b"".join(_up_to(most, decoding.iter_bytes()))
        except _TooLargeError:
            if is_page:
                raise UnreadableReplyError(
                    f"{self.name}: {what} has more than {most:,} bytes, far more than any real "
                    "one: not read to its end; run this again later; what has landed is kept"
                ) from None
            body = b""
        headers.pop("content-encoding", None)
        return httpx2.Response(response.status_code, headers=headers, content=body, request=request)

    def _pace(self) -> None:
        """Wait for the next window where the last reply said that this one is used up."""
        if self._remaining is not None and self._remaining <= 0:
            left = self._reset_at - time.monotonic()
            if left > 0:
                if left > self.limits.max_wait:
                    raise RateLimitedError(
                        f"{self.name}: the window of requests is used up for another "
                        f"{left:,.0f} s, longer than {self.limits.max_wait:,.0f} s: run this "
                        "again later; what has landed is kept"
                    )
                self._wait(left, f"{self.name}: this window's requests are used up")
            self._remaining = None

    def _note_window(self, headers: Mapping[str, str]) -> None:
        window = _window(headers)
        if window is not None:
            self._remaining, seconds = window
            # One second more: the header counts whole seconds.
            self._reset_at = time.monotonic() + seconds + 1

    def _wait(self, seconds: float, why: str) -> None:
        if seconds >= 1:
            self.say(f"{why}, waiting {seconds:,.0f} s")
        self.waited += seconds
        self.sleep(seconds)

    def _redirected(self, response: httpx2.Response, url: str, what: str) -> str:
        target = _joined(url, response.headers.get("location", ""))
        if origin_of(target) != origin_of(self.origin):
            raise RefusedError(
                f"{self.name}: {what} is redirected to another host ({_host(target)}): not "
                "followed, because a token must not go there"
            )
        return target

    def _refusal(self, response: httpx2.Response, what: str) -> str:
        status = response.status_code
        text = self._without_secrets(_shown_body(response))[:SHOWN_LETTERS]
        line = f"{self.name}: {what} was refused with status {status}"
        if status in (401, 403) and any(key.lower() == "authorization" for key in self.headers):
            line += "; is the token or key right?"
        return f"{line}: {text}" if text else line

    def _without_secrets(self, text: str) -> str:
        """One printable line of what a service says, which may quote our own header."""
        secrets = {os.environ.get(name, "").strip() for name in SECRET_VARIABLES}
        for key, value in self.headers.items():
            if key.lower() == "authorization":
                secrets.add(value.split(" ")[-1])
        for secret in secrets - {""}:
            text = text.replace(secret, "***")
        return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def is_transient(status: int) -> bool:
    """Whether a reply of this status may be another one the next time."""
    return status in (408, 429) or status >= 500


def steady(pieces: Iterable[bytes], seconds: float) -> Iterator[bytes]:
    """What comes, as it comes. Raises StalledError for less than LEAST_BYTES in `seconds`."""
    come, since = 0, time.monotonic()
    for piece in pieces:
        yield piece
        come += len(piece)
        now = time.monotonic()
        if now - since >= seconds:
            if come < LEAST_BYTES:
                raise StalledError
            come, since = 0, now


def endpoint(variable: str, default: str) -> str:
    """The address in an environment variable, else `default`, without a slash at its end.

    Raises RefusedError when it is no http(s) address, or carries a user name or password.
    """
    address = (os.environ.get(variable) or default).rstrip("/")
    scheme, host, _ = origin_of(address)
    if scheme not in ("http", "https") or not host:
        raise RefusedError(f"{variable} is no address: write https://host or http://host:port")
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise RefusedError(f"{variable} holds a user name or password: leave them out")
    return address


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine. What comes from there is taken as synthetic."""
    host = _host(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the port where it is not the scheme's own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", None
    if port == {"http": 80, "https": 443}.get(parts.scheme):
        port = None
    return parts.scheme, (parts.hostname or "").lower(), port


@dataclass(frozen=True)
class _Failure:
    """A try that may go better next time. `asked`: seconds that the service asks to wait."""

    kind: type[SourceError]
    problem: str
    asked: float | None = None


class _TooLargeError(Exception):
    """A reply of which more comes than is read."""


def _up_to(most: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What comes, up to `most` bytes. Raises _TooLargeError where there are more."""
    come = 0
    for piece in pieces:
        come += len(piece)
        if come > most:
            raise _TooLargeError
        yield piece


def _host(url: str) -> str:
    host = origin_of(url)[1]
    return host if re.fullmatch(r"[a-z0-9.:_-]{1,253}", host) else "its name is unreadable"


def _joined(base: str, target: str) -> str:
    """The address that a reply leads to; an empty one, which is nobody's, where it is none."""
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def _network_problem(error: httpx2.HTTPError) -> str:
    import httpx2

    is_down = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
    return type(error).__name__ + ("; is the network up?" if is_down else "")


def _reply(response: httpx2.Response) -> Reply:
    following: Any = response.links.get("next", {}).get("url")
    return Reply(
        url=str(response.url),
        body=response.content,
        headers=response.headers,
        next_url=_joined(str(response.url), following) if following else None,
        fetched_at=utc_now(),
    )


def _window(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Requests left in the rate limit's window, and seconds until the next one."""
    from huggingface_hub.utils._http import parse_ratelimit_headers

    try:
        window = parse_ratelimit_headers(headers)
    except ValueError:  # numbers of thousands of digits
        return None
    if window is None:
        return None
    return window.remaining, min(window.reset_in_seconds, LONGEST_ASKED)


def _wait_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds that a reply asks to wait: the rate limit's window, else Retry-After."""
    window = _window(headers)
    if window is not None and window[0] <= 0:
        return float(window[1])
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_ASKED)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _shown_body(response: httpx2.Response) -> str:
    """What the service says of a refusal; nothing of a page meant for a browser."""
    text = response.text
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        said = json.loads(text).get("error")
        said = said if isinstance(said, str) else said.get("message")
        text = said if isinstance(said, str) else text
    return "" if "<html" in text.lower() else text
