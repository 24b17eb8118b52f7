"""Downloads of large files from the Hub: resumed after a kill, bounded in time, one token's host.

huggingface_hub's own download writes to a name that no later process knows, and removes what has
come when it fails; it waits as long as any Retry-After says; and it sends the token to the Hub when
a mirror leads there. So the file is read here, over the library's session, by its resolve URL:
the Hub answers that with plain HTTP whatever it stores the file in (docs/operations.md).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin, urlsplit

from extract.errors import (
    RefusedError,
    RequestLimitError,
    UnavailableError,
    UnreadableReplyError,
    disk_errors,
)
from extract.http import MAX_REDIRECTS, Client, StalledError, is_transient, origin_of, steady

if TYPE_CHECKING:
    import httpx2

# Bytes that the file has.
Progress = Callable[[int], None]

# A try that brought so many bytes is no failure, however it ended: a large file may need many.
WORTH_BYTES = 2**20

# How a full disk's line calls the part of a file that is there.
COME = "what has come"

# So much of a refusal's text is read.
REFUSAL_BYTES = 10_000


@dataclass
class FileClient(Client):
    """A client that also downloads files."""

    def download(
        self, url: str, what: str, path: Path, size: int, progress: Progress = lambda _: None
    ) -> None:
        """Bring `path` to `size` bytes; it goes on after the bytes that it has.

        Redirects are followed to any host; the token goes to the client's own only. Raises
        RefusedError, RateLimitedError, RequestLimitError, UnavailableError (after `tries` failures
        in a row that brought nothing), UnreadableReplyError for a file that is longer than `size`,
        HubtideError when the disk is full. What has come stays in `path`.
        """
        if origin_of(url) != origin_of(self.origin):
            raise RefusedError(f"{self.name}: {what} is of another host, which is not asked")
        failures, backoff = 0, self.limits.first_wait
        while (before := _size(path)) != size:
            problem, asked = self._try(url, what, path, size, progress)
            if problem is None:
                continue
            if _size(path) - before >= WORTH_BYTES:
                failures, backoff = 0, self.limits.first_wait
            failures += 1
            if failures >= self.limits.tries:
                raise UnavailableError(
                    f"{self.name}: {what} failed {failures} times ({problem}): run this again "
                    "later; what has come is kept"
                )
            wait = backoff if asked is None else asked + 1
            self._wait(wait, f"{self.name}: {what}: {problem}; going on")
            backoff = min(backoff * 2, self.limits.longest_backoff)

    def _try(
        self, url: str, what: str, path: Path, size: int, progress: Progress
    ) -> tuple[str | None, float | None]:
        """Read as much as comes: what went wrong, if anything, and the wait that is asked for."""
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled

        try:
            return self._receive(url, what, path, size, progress)
        except OfflineModeIsEnabled:
            raise UnavailableError(f"{self.name}: HF_HUB_OFFLINE is set: unset it") from None
        except httpx2.InvalidURL:
            raise RefusedError(f"{self.name}: {what} is redirected to no address") from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            return type(error).__name__, None
        except StalledError:
            return "next to nothing comes", None

    def _receive(
        self, url: str, what: str, path: Path, size: int, progress: Progress
    ) -> tuple[str | None, float | None]:
        import httpx2
        from huggingface_hub.utils._http import get_session

        timeout = httpx2.Timeout(self.limits.read_timeout, connect=self.limits.connect_timeout)
        have = _size(path)
        if have > size:
            raise UnreadableReplyError(f"{self.name}: {what} is longer than announced")
        for _ in range(MAX_REDIRECTS + 1):
            if self.requests_left == 0:
                raise RequestLimitError(
                    f"{self.name}: the limit of {self.limits.max_requests} requests is used up "
                    f"before {what}; what has come is kept"
                )
            self.requests += 1
            with get_session().stream(
                "GET",
                url,
                headers=self._headers_for(url, have),
                timeout=timeout,
                follow_redirects=False,
            ) as response:
                if not response.is_redirect:
                    return self._take(response, what, path, size, progress)
                url = self._followed(response, url, what)
        raise RefusedError(f"{self.name}: {what} is redirected without end")

    def _headers_for(self, url: str, have: int) -> dict[str, str]:
        """The client's own headers for its own host; no more than who asks for any other."""
        headers = dict(self.headers)
        if origin_of(url) != origin_of(self.origin):
            headers = {
                name: value for name, value in headers.items() if name.lower() == "user-agent"
            }
        # Compressed, the bytes could not be counted, and some stores ignore a range.
        headers["Accept-Encoding"] = "identity"
        if have:
            headers["Range"] = f"bytes={have}-"
        return headers

    def _followed(self, response: httpx2.Response, url: str, what: str) -> str:
        try:
            target = urljoin(url, response.headers.get("location", ""))
        except ValueError:
            target = ""
        scheme, host, _ = origin_of(target)
        if not host or (scheme != "https" and scheme != urlsplit(url).scheme):
            raise RefusedError(f"{self.name}: {what} is redirected to an address that is not safe")
        return target

    def _take(
        self, response: httpx2.Response, what: str, path: Path, size: int, progress: Progress
    ) -> tuple[str | None, float | None]:
        status = response.status_code
        if is_transient(status):
            return f"status {status}", self._asked(response, what)
        if status not in (200, 206, 416):
            raise RefusedError(self._said(response, what))
        start = _start(response) if status == 206 else 0
        if start != _size(path):
            start = 0
        with disk_errors(self.name, what, COME), path.open("ab") as stream:
            stream.truncate(start)
            if status == 416 or (status == 206 and start != _start(response)):
                return "the rest could not be asked for", None
            self._write(response, what, stream, size, progress)
            stream.flush()
            os.fsync(stream.fileno())
        return None if _size(path) == size else "the connection ended early", None

    def _write(
        self, response: httpx2.Response, what: str, stream: BinaryIO, size: int, progress: Progress
    ) -> None:
        have = stream.seek(0, os.SEEK_END)
        for piece in steady(response.iter_raw(), self.limits.read_timeout):
            have += len(piece)
            if have > size:
                stream.truncate(0)
                raise UnreadableReplyError(
                    f"{self.name}: {what} is longer than the {size:,} bytes announced: refused"
                )
            stream.write(piece)
            progress(have)

    def _said(self, response: httpx2.Response, what: str) -> str:
        """The line for a refusal, with what the host says of it."""
        host = origin_of(str(response.url))[1]
        text = b""
        for piece in steady(response.iter_raw(), self.limits.read_timeout):
            text += piece
            if len(text) >= REFUSAL_BYTES:
                break
        shown = text[:REFUSAL_BYTES].decode(errors="replace")
        shown = "" if "<" in shown else self._without_secrets(shown)[:300]
        line = f"{self.name}: {what} was refused by {host} with status {response.status_code}"
        return f"{line}: {shown}" if shown else line


def _start(response: httpx2.Response) -> int:
    """Where a part begins; -1 where the reply does not say."""
    match = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(match[1]) if match else -1


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
